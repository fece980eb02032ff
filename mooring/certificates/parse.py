"""Certificates from files and from the wire, read to the end, so that whoever judges them meets no surprise. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509


def parse_pem(text: str) -> list[x509.Certificate]:
    """All certificates of a file; ValueError where one cannot be read."""
    return [_check(certificate) for certificate in x509.load_pem_x509_certificates(text.encode("utf-8"))]


def parse_der(parts: Sequence[bytes]) -> list[x509.Certificate]:
    """Certificates as TLS brings them; ValueError where one cannot be read."""
    return [_check(x509.load_der_x509_certificate(part)) for part in parts]


def _check(certificate: x509.Certificate) -> x509.Certificate:
    """Much of a certificate is parsed only when it is asked for."""
    try:
        _ = (list(certificate.extensions), certificate.subject.public_bytes(), certificate.issuer.public_bytes())
        _ = (certificate.public_key(), certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    except x509.DuplicateExtension as error:
        raise ValueError(str(error)) from None
    return certificate
