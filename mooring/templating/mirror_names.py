"""The names of the mirror where the operator gives none: a pure filter."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from mooring.certificates.names import is_for, strip_port
from mooring.certificates.parse import parse_pem

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII | re.IGNORECASE)
LONGEST = 253


def name_mirrors(registry_names: Iterable[str], certificates: Iterable[str] = ()) -> list[str]:
    """`mirror.` and the first of the registry's names, with its port; [] where no
    client could use that.

    So it is where the first name is an address, and where one of the servers' certificates (their
    files' texts) does not carry the mirror's name. What is wrong with a file that holds no
    certificate is for others to say.
    """
    names = list(registry_names)
    return [] if find_hindrance(names, certificates) else [f"mirror.{names[0]}"]


def find_hindrance(registry_names: Iterable[str], certificates: Iterable[str] = ()) -> str:
    """Why the mirror has no name by itself, in a sentence; "" where nothing stands against one."""
    first = next(iter(registry_names), "")
    host = strip_port(f"mirror.{first}")
    if not first:
        return "registry_names is empty"
    if is_address(strip_port(first)):
        return f"the first of registry_names, {first}, is an address, and no mirror can be called after one"
    if not is_host(host):
        return f"{host} cannot be the name of a host"
    if not all(_carries(text, host) for text in certificates):
        return f"nginx_tls_certificate does not carry {host}"
    return ""


def is_host(name: str) -> bool:
    """Whether a host may be called so, without a port."""
    return len(name) <= LONGEST and _HOST.fullmatch(name) is not None


def is_address(host: str) -> bool:
    """Whether this is an address, or the name that every host has for itself."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    return True


def _carries(text: str, host: str) -> bool:
    try:
        chain = parse_pem(text)
    except ValueError:
        return False
    return bool(chain) and is_for(chain[0], host)
