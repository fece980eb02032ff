"""Certificates for tests: authorities, what they sign, and all that can be wrong with them."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME, OTHER = "registry.example.com", "docker.registry.example.com"
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


def usage(**bits: bool) -> x509.KeyUsage:
    """A key usage with only that."""
    words = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{**dict.fromkeys(words, False), **bits})


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        text: bytes = self.key.private_bytes(serialization.Encoding.PEM, form, none)
        return text.decode()


def issue(
    common: str,
    issuer: Pair | None = None,
    extensions: Sequence[Any] = (),
    days: tuple[float, float] = (-1, 365),
    key: Any = None,
    hash_: Any = None,
) -> Pair:
    """A certificate by `issuer`, or by itself; `extensions` are values, or (value,
    whether it is critical)."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    above = issuer.certificate.subject if issuer else subject
    builder = x509.CertificateBuilder(above, subject, own.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(NOW + days[0] * DAY).not_valid_after(NOW + days[1] * DAY)
    for extension in extensions:
        value, critical = extension if isinstance(extension, tuple) else (extension, False)
        builder = builder.add_extension(value, critical)
    return Pair(builder.sign(issuer.key if issuer else own, hash_ or hashes.SHA256()), own)


def authority(common: str = "ca", issuer: Pair | None = None, path: int | None = None, **more: Any) -> Pair:
    """One that may sign, with what OpenSSL gives it by default."""
    return issue(common, issuer, [(x509.BasicConstraints(True, path), True)], **more)


def names(*subjects: str) -> x509.SubjectAlternativeName:
    """The extension for names and addresses."""
    return x509.SubjectAlternativeName([_general(subject) for subject in subjects])


def leaf(issuer: Pair | None, *subjects: str, **more: Any) -> Pair:
    """A server's certificate for these names, or NAME."""
    return issue("server", issuer, [names(*(subjects or (NAME,))), *more.pop("extensions", ())], **more)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
