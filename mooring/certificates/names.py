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
    found = _PORT.fullmatch(name)
    return (found.group(1) if found else name).removeprefix("[").removesuffix("]")


def find_names(certificate: x509.Certificate) -> list[str] | None:
    """The names and addresses that it is for; None where it has no subjectAltName at all, and CN does not count."""
    found = _find_alternatives(certificate)
    return None if found is None else [*found[0], *map(str, found[1])]


def _find_alternatives(certificate: x509.Certificate) -> tuple[list[str], list[Address]] | None:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    addresses = [one for one in found.get_values_for_type(x509.IPAddress) if isinstance(one, Address)]
    return found.get_values_for_type(x509.DNSName), addresses


def find_common_name(certificate: x509.Certificate) -> str:
    """The subject's CN, "" where there is none."""
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def is_for(certificate: x509.Certificate, host: str) -> bool:
    """Whether a client that asks by this name or address takes the certificate."""
    names, addresses = _find_alternatives(certificate) or ([], [])
    address = _parse_address(host)
    if address is not None:
        return address in addresses
    return any(_matches(name, host) for name in names)


def _matches(pattern: str, host: str) -> bool:
    """A star stands for the whole first label, and for one label only; case and a host's last dot are no matter."""
    host, pattern = host.lower(), pattern.lower()
    parts, asked = pattern.split("."), host.removesuffix(".").split(".")
    if not _is_valid(asked) or not _is_valid(["a", *parts[1:]] if parts[0] == "*" else parts):
        return bool(host) and pattern == host
    return len(parts) == len(asked) and all(
        one == other or (one == "*" and number == 0)
        for number, (one, other) in enumerate(zip(parts, asked, strict=True))
    )


def _is_valid(labels: list[str]) -> bool:
    return all(_LABEL.fullmatch(label) for label in labels)


def _parse_address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
