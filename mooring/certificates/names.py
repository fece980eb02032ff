"""Whether a certificate is for a name, as Go's crypto/x509 sees it. Pure."""

from __future__ import annotations

import ipaddress
import re

from cryptography import x509

_LABEL = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_:-]*", re.ASCII)
_PORT = re.compile(r"(.+):\d{1,5}")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def strip_port(name: str) -> str:
    """The host of `host`, `host:port`, `[address]:port` or a bare address."""
    if _parse_address(name) is not None:
        return name
    match = _PORT.fullmatch(name)
    return (match.group(1) if match else name).removeprefix("[").removesuffix("]")


def find_names(certificate: x509.Certificate) -> list[str] | None:
    """The names and addresses that it is for; None where it has no subjectAltName at all, and CN
    does not count."""
    alternatives = _find_alternatives(certificate)
    return None if alternatives is None else [*alternatives[0], *map(str, alternatives[1])]


def _find_alternatives(certificate: x509.Certificate) -> tuple[list[str], list[Address]] | None:
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    addresses = [
        address for address in alternatives.get_values_for_type(x509.IPAddress) if isinstance(address, Address)
    ]
    return alternatives.get_values_for_type(x509.DNSName), addresses


def find_common_name(certificate: x509.Certificate) -> str:
    """The subject's CN, "" where there is none."""
    attributes = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(attributes[0].value) if attributes else ""


def is_for(certificate: x509.Certificate, host: str) -> bool:
    """Whether a client that asks by this name or address takes the certificate."""
    names, addresses = _find_alternatives(certificate) or ([], [])
    address = _parse_address(host)
    if address is not None:
        return address in addresses
    return any(_matches(name, host) for name in names)


def _matches(pattern: str, host: str) -> bool:
    """A star stands for the whole first label, and for one label only; case and a host's last dot
    do not matter."""
    host, pattern = host.lower(), pattern.lower()
    parts, labels = pattern.split("."), host.removesuffix(".").split(".")
    if not _is_valid(labels) or not _is_valid(["a", *parts[1:]] if parts[0] == "*" else parts):
        return bool(host) and pattern == host
    return len(parts) == len(labels) and all(
        part == other or (part == "*" and number == 0)
        for number, (part, other) in enumerate(zip(parts, labels, strict=True))
    )


def _is_valid(labels: list[str]) -> bool:
    return all(_LABEL.fullmatch(label) for label in labels)


def _parse_address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
