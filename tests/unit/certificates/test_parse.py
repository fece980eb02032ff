"""Certificates that the library has its own words for: each is one that cannot be
read, for whoever asks."""

from __future__ import annotations

import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mooring.certificates.parse import parse_der, parse_pem
from mooring.reporters.certificate_texts import show_certificates
from tests.support.authority import DAY, NOW

KEY = ec.generate_private_key(ec.SECP256R1())
CURVE, KIND, VERSION = (bytes.fromhex(text) for text in ("06082a8648ce3d030107", "06072a8648ce3d0201", "a003020102"))
ODD = {
    "a curve that nobody knows": (CURVE, CURVE[:-1] + b"\x06"),
    "a key of another kind": (KIND, KIND[:-1] + b"\x09"),
    "a version that does not exist": (VERSION, VERSION[:-1] + b"\x07"),
}


def make(common_name: str = "a", name: str = "r.example.com") -> bytes:
    """A certificate of its own, as DER."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateBuilder(subject, subject, KEY.public_key(), 5, NOW, NOW + DAY)
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    signed = builder.add_extension(names, critical=False).sign(KEY, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("what", ODD)
def test_an_odd_certificate_is_one_that_cannot_be_read(what: str) -> None:
    old, new = ODD[what]
    assert old in make()
    der = make().replace(old, new)
    text = ssl.DER_cert_to_PEM_cert(der)
    for read in (lambda: parse_pem(text), lambda: parse_der([der])):
        with pytest.raises(ValueError, match=r"\w"):
            read()
    assert show_certificates(text) == text


def test_a_name_in_a_certificate_makes_no_lines() -> None:
    shown = show_certificates(ssl.DER_cert_to_PEM_cert(make("a\r  names: b", "r.example.com\x0b\n  names: c\x1b[2J")))
    assert [line.split(":")[0].strip() for line in shown.splitlines()] == [
        "certificate of CN=a\\r  names",
        "names",
        "valid until",
        "issued by",
        "sha256",
    ]
    assert "\x1b" not in shown
