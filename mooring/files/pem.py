"""Certificates and keys in PEM form: whether a text is what the setting that names
its file says it is."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_KEY_MARK = "PRIVATE KEY-----"


def find_problem(text: str, kind: str) -> str:
    """Why the text is no `kind` ("certificate" or "key"), "" where it is one.

    A certificate file holds one or more certificates and no key, for certificates are
    shown to everybody.
    """
    return _find_key_problem(text) if kind == "key" else _find_certificate_problem(text)


def _find_certificate_problem(text: str) -> str:
    if _KEY_MARK in text:
        return "it holds a private key"
    try:
        x509.load_pem_x509_certificates(text.encode("utf-8"))
    except ValueError:
        return "it holds no certificate in PEM form"
    return ""


def _find_key_problem(text: str) -> str:
    if _KEY_MARK not in text:
        return "it holds no private key in PEM form"
    try:
        load_pem_private_key(text.encode("utf-8"), password=None)
    except TypeError:
        return "its private key has a passphrase, which no engine can ask for"
    except ValueError:
        return "its private key cannot be read"
    return ""
