"""Addresses as Go reads them, and so dockerd: URLs (`net/url`), host and port, networks (`net`)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
USERINFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$")
HOST_FORBIDS = re.compile(r"[ \\^`{|}%]")
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Url:
    """What `url.Parse` makes of a text; `user` is None where there is no "@"."""

    scheme: str = ""
    user: str | None = None
    host: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""


def parse_url(text: str, is_old: bool = False) -> Url | None:
    """The URL, None where Go finds that it is none. A port may have any number of digits, or none.

    `is_old`: to Go 1.10, of which Red Hat's 1.13.1 is made, a port may be anything but behind
    brackets (it is looked at since Go 1.12.8).
    """
    body, _, fragment = text.partition("#")
    if any(ord(char) < 32 or ord(char) == 127 for char in body) or BAD_ESCAPE.search(fragment):
        return None
    head = SCHEME.match(body)
    if not head and body.startswith(":"):
        return None
    scheme, rest = (head.group(1).lower(), body[head.end() :]) if head else ("", body)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        # Behind a scheme that is opaque; else it is a path, which must not look like a scheme.
        is_odd = not scheme and ":" in rest.partition("/")[0]
        path = "" if scheme else rest
        return None if is_odd or BAD_ESCAPE.search(path) else Url(scheme, path=path, query=query, fragment=fragment)
    user, host = None, ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        names, at, host = authority.rpartition("@")
        user, rest = (names if at else None), slash + path
        if not _is_host(host, is_old) or not USERINFO.match(names) or BAD_ESCAPE.search(names):
            return None
    return None if BAD_ESCAPE.search(rest) else Url(scheme, user, host, rest, query, fragment)


def _is_host(host: str, is_old: bool) -> bool:
    if is_old and not host.startswith("["):
        return not HOST_FORBIDS.search(host)
    if host.startswith("["):
        inner, bracket, port = host.rpartition("]")
        if not bracket:
            return False
        inner = inner.partition("%25")[0]
    else:
        inner, colon, port = host.rpartition(":")
        inner, port = (inner, colon + port) if colon else (host, "")
    is_port = not port or (port.startswith(":") and (port == ":" or re.fullmatch("[0-9]+", port[1:]) is not None))
    return is_port and not HOST_FORBIDS.search(inner)


def has_ipv6(host: str) -> bool:
    """Whether a URL's host in brackets is an address of IPv6; a zone may follow."""
    inner = host[1:].partition("]")[0].partition("%25")[0]
    return ":" in inner and is_ip(inner)


def split_host_port(text: str) -> tuple[str, str] | None:
    """(host, port), None where `net.SplitHostPort` finds no port, too many colons or brackets in
    the wrong place."""
    host, colon, port = text.rpartition(":")
    if not colon:
        return None
    if text.startswith("["):
        inner, bracket, behind = text[1:].partition("]")
        if not bracket or behind != f":{port}":
            return None
        return None if "[" in inner or set(port) & set("[]") else (inner, port)
    return None if ":" in host or set(text) & set("[]") else (host, port)


def is_ip(text: str) -> bool:
    """Whether `net.ParseIP` takes it: an address without brackets, zone and port."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def without_zeros(text: str) -> str:
    """The address without the zeros that stand before a part's other digits, which Go before 1.17
    passes over."""
    return re.sub(r"(?<![0-9a-fA-F:])0+(?=[0-9])", "", text)


def parse_network(text: str) -> str:
    """A network such as 10.0.0.0/8 as the daemon prints it, empty where it is none; a mask is a
    number of bits."""
    address, slash, bits = text.partition("/")
    if not slash or not is_ip(address) or not re.fullmatch("[0-9]+", bits):
        return ""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return ""


def parse_number(text: str) -> int | None:
    """What `strconv.Atoi` makes of it."""
    # Python refuses to read thousands of digits; Go passes over zeros at the beginning.
    digits = text.lstrip("+-").lstrip("0")
    is_number = re.fullmatch("[+-]?[0-9]+", text) is not None and len(digits) < 20
    number = int(digits or 0) if is_number else 2**63
    return None if number >= 2**63 else -number if text.startswith("-") else number
