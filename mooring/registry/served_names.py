"""Which names its clients use that the server's nginx answers by 421, from the variables of both. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.certificates.names import strip_port
from mooring.errors import TemplateError
from mooring.invocation import invocation

REMEDY = (
    "give the server every name in registry_names or nginx_server_names, or let it serve any name with "
    "nginx_serve_other_names: true (also where its nginx is not Mooring's), and run "
    f"`{invocation('provision-server')}`"
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ADDRESSES = ("registry_server_address", "ansible_host")


@dataclass(frozen=True)
class Unserved:
    """A name, and the clients that use it; `is_certain`: it is this server's beyond doubt.

    Another name may be another registry's, which nobody can tell from variables.
    """

    name: str
    clients: tuple[str, ...]
    is_certain: bool

    def __str__(self) -> str:
        some = ", ".join(self.clients[:3])
        more = f" and {len(self.clients) - 3} more" if len(self.clients) > 3 else ""
        return f"{self.name} ({some}{more})"


def find_unserved(
    server: Mapping[str, Any],
    hosts: Mapping[str, Mapping[str, Any]],
    clients: Iterable[str],
    served: Iterable[str] = (),
) -> list[Unserved]:
    """The names that this server refuses; `served` are those that its role has worked out, where
    it is its own play; else they are read from its variables, and addresses are not judged, as its facts are not known.

    None where any name is served, and where a proxy in front may ask by a name of its own.
    """
    if _read(server, "nginx_serve_other_names") or _read(server, "nginx_behind_proxy"):
        return []
    own = {_plain(name) for name in served}
    judges_addresses = bool(own)
    try:
        known = own or set(_served_by(server))
    except TemplateError:  # it needs the server's facts
        return []
    if not known:
        return []
    found = dict[str, tuple[list[str], list[bool]]]()
    for client in clients:
        for name, is_certain in _refused(hosts[client], server, known):
            if not judges_addresses and _is_address(name):
                continue
            users, certain = found.setdefault(name, ([], []))
            users.append(client)
            certain.append(is_certain)
    return [Unserved(name, tuple(users), any(certain)) for name, (users, certain) in found.items()]


def tell(server: str, names: Iterable[Unserved]) -> str:
    """All of them in one clause."""
    return f"nginx on {server} answers 421 to names that clients use: {'; '.join(map(str, names))}"


def _served_by(server: Mapping[str, Any]) -> Iterator[str]:
    """What its variables say, without the addresses that only its facts tell; nothing where they name no names."""
    given = [server.get(variable) for variable in ("nginx_server_names", "registry_names")]
    if any(isinstance(names, (list, tuple)) for names in given):
        yield from LOOPBACK
        yield from (_plain(name) for names in given for name in names or ())
        yield from (_plain(_read(server, name)) for name in ADDRESSES if _read(server, name))


def _refused(client: Mapping[str, Any], server: Mapping[str, Any], known: set[str]) -> Iterator[tuple[str, bool]]:
    """A client's names that are not among the known ones, each with whether it is this server's beyond doubt."""
    if _read(client, "registry_client_state") == "absent":
        return
    names = list(dict.fromkeys(map(_plain, _list(client, "registry_client_names") or _list(client, "registry_names"))))
    refused = [name for name in names if not _is_served(name, known)]
    comes_here = len(refused) < len(names)
    for name in refused:
        yield name, comes_here or name in _led_here(client, server)


def _led_here(client: Mapping[str, Any], server: Mapping[str, Any]) -> set[str]:
    """The names that the client's /etc/hosts gives to the server."""
    address = _read(client, "hosts_file_address") or _read(client, "registry_server_address")
    if not address or str(address) != str(_read(server, "registry_server_address")):
        return set()
    return set(map(_plain, _list(client, "hosts_file_names") or _list(client, "registry_names")))


def _is_served(name: str, known: set[str]) -> bool:
    """By nginx's rules for server_name: stars at an end, a dot in front; what an expression means is not judged."""
    if name in known:
        return True
    return any(
        pattern.startswith("~")
        or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        or (pattern.startswith(".") and f".{name}".endswith(pattern))
        or (pattern.endswith(".*") and name.startswith(pattern[:-1]))
        for pattern in known
    )


def _plain(name: Any) -> str:
    """As nginx compares names: no port, no brackets, no last dot, in small letters."""
    return strip_port(str(name)).lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _list(variables: Mapping[str, Any], name: str) -> list[Any]:
    found = _read(variables, name)
    return list(found) if isinstance(found, (list, tuple)) else []


def _read(variables: Mapping[str, Any], name: str) -> Any:
    """A variable of a host that another one looks at: what needs the host's facts is for its own play to judge."""
    try:
        return variables.get(name)
    except TemplateError:
        return None
