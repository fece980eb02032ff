"""An authority's nameConstraints: the names and addresses that it may sign for, as Go
applies them. Pure."""

from __future__ import annotations

import ipaddress

from cryptography import x509

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def find_breach(authority: x509.Certificate, leaf: x509.Certificate) -> str:
    """The first name of the certificate that the authority may not sign for; ""
    where there is none."""
    try:
        limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    for name in names:
        if not isinstance(name, (x509.DNSName, x509.IPAddress)):
            continue
        permitted = [subtree for subtree in limits.permitted_subtrees or () if type(subtree) is type(name)]
        excluded = [subtree for subtree in limits.excluded_subtrees or () if type(subtree) is type(name)]
        is_permitted = not permitted or any(_holds(subtree, name) for subtree in permitted)
        if not is_permitted or any(_holds(subtree, name) for subtree in excluded):
            return str(name.value)
    return ""


def _holds(limit: x509.GeneralName, name: x509.GeneralName) -> bool:
    """Whether the name lies within the limit."""
    if isinstance(limit, x509.DNSName) and isinstance(name, x509.DNSName):
        return _is_below(limit.value.lower(), name.value.lower())
    if isinstance(limit, x509.IPAddress) and isinstance(name, x509.IPAddress):
        return isinstance(limit.value, Network) and isinstance(name.value, Address) and name.value in limit.value
    return False


def _is_below(domain: str, name: str) -> bool:
    """`example.com` holds itself and what is below it, `.example.com` only the
    latter, "" everything."""
    if not domain:
        return True
    return name.endswith(domain) if domain.startswith(".") else name == domain or name.endswith(f".{domain}")
