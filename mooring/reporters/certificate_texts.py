"""Certificates in a diff as what they say: subject, names and expiry, in place of
forty lines of base64."""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from mooring.certificates.names import find_names
from mooring.certificates.parse import parse_pem
from mooring.reporters import visible

BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,100000}-----END CERTIFICATE-----")
# Of one text; a bundle of all authorities there are stays as it is.
MOST = 50


def show_certificates(text: str) -> str:
    """The text with each certificate in words; what cannot be read stays as it is."""
    if "-----BEGIN CERTIFICATE-----" not in text or text.count("-----BEGIN CERTIFICATE-----") > MOST:
        return text
    return BLOCK.sub(lambda block: _describe(block[0]), text)


def _describe(block: str) -> str:
    try:
        (certificate,) = parse_pem(block)
        names = find_names(certificate)
    except (ValueError, TypeError):
        return block
    return "\n".join(
        (
            f"certificate of {_name(certificate.subject)}",
            f"  names: {visible.clean(', '.join(names)) if names else 'none'}",
            f"  valid until: {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
            f"  issued by: {_name(certificate.issuer)}",
            f"  sha256: {certificate.fingerprint(hashes.SHA256()).hex()}",
        )
    )


def _name(name: x509.Name) -> str:
    return visible.clean(name.rfc4514_string()) or "nobody"
