"""Certificates from files and from the wire, read to the end, so that whoever judges them meets no
surprise. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

# What is wrong with a certificate, as far as the library has no ValueError for it.
_MISTAKES = (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm)


def parse_pem(text: str) -> list[x509.Certificate]:
    """All certificates of a file; ValueError where one cannot be read."""
    return _read(lambda: x509.load_pem_x509_certificates(text.encode("utf-8")))


def parse_der(parts: Sequence[bytes]) -> list[x509.Certificate]:
    """Certificates as TLS brings them; ValueError where one cannot be read."""
    return _read(lambda: [x509.load_der_x509_certificate(part) for part in parts])


def _read(load: Callable[[], list[x509.Certificate]]) -> list[x509.Certificate]:
    """Much of a certificate is parsed only when it is asked for."""
    try:
        certificates = load()
        for certificate in certificates:
            _ = (list(certificate.extensions), certificate.subject.public_bytes(), certificate.issuer.public_bytes())
            _ = (certificate.public_key(), certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    except _MISTAKES as error:
        raise ValueError(str(error)) from None
    return certificates
