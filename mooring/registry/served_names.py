"""Which names its clients use that the server's nginx answers by 421, from the
variables of both. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.certificates.names import strip_port
from mooring.errors import TemplateError
from mooring.invocation import invocation
from mooring.templating.mirror_names import name_mirrors

REMEDY = (
    "give the server every name in registry_names or nginx_server_names, or let it serve any name with "
    "nginx_serve_other_names: true (also where its nginx is not Mooring's), and run "
    f"`{invocation('provision-server')}`"
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
NAMES = "registry_client_names"
# Other variables in which a client names registries, with the key where an entry is a mapping.
ENTRIES = {
    "mirror_names": "",
    "registry_client_mirrors": "",
    "registry_client_registry_mirrors": "url",
    "registry_client_registries": "name",
    "registry_client_insecure_registries": "",
    "registry_client_add_registries": "",
}
# Where its plays find the server: clients may find it so too, yet nginx does not serve a name for
# that.
OWN_NAMES = ("inventory_hostname", "ansible_host")
PORTS = {"nginx_http_port": 80, "nginx_https_port": 443}


@dataclass(frozen=True)
class Use:
    """A name that a client uses: the variable that has it, and whether it is this
    server's beyond doubt."""

    name: str
    variable: str
    is_certain: bool


@dataclass(frozen=True)
class Unserved:
    """A name, and the clients that use it; `is_certain`: it is this server's beyond doubt.

    Another name may be another registry's, which nobody can tell from variables. `variables` are
    those that have it.
    """

    name: str
    clients: tuple[str, ...]
    is_certain: bool
    variables: tuple[str, ...] = (NAMES,)

    def __str__(self) -> str:
        some = ", ".join(self.clients[:3])
        more = f" and {len(self.clients) - 3} more" if len(self.clients) > 3 else ""
        others = [variable for variable in self.variables if variable != NAMES]
        return f"{self.name} ({some}{more}{'; ' if others else ''}{', '.join(others)})"


def find_unserved(
    server: Mapping[str, Any],
    hosts: Mapping[str, Mapping[str, Any]],
    clients: Iterable[str],
    served: Sequence[str] = (),
) -> list[Unserved]:
    """The names that this server refuses; `served` are those that its role has worked out, where it
    is its own play; else they are read from its variables, and addresses are not judged, as its
    facts are not known.

    None where any name is served, and where a proxy in front may ask by a name of its own.
    """
    known, judges_addresses = _known(server, served), bool(served)
    if not known:
        return []
    uses_by_name = dict[str, list[tuple[str, Use]]]()
    for client in clients:
        for use in _refused(hosts[client], server, known):
            if judges_addresses or not _is_address(use.name):
                uses_by_name.setdefault(use.name, []).append((client, use))
    return [
        Unserved(
            name,
            tuple(dict.fromkeys(client for client, _ in uses)),
            any(use.is_certain for _, use in uses),
            tuple(dict.fromkeys(use.variable for _, use in uses)),
        )
        for name, uses in uses_by_name.items()
    ]


def may_serve(server: Mapping[str, Any], name: str, served: Iterable[str] = ()) -> bool:
    """Whether this server serves a name, or nobody knows."""
    known = _known(server, served)
    return not known or _is_served(_plain(name), known)


def tell(server: str, names: Iterable[Unserved]) -> str:
    """All of them in one clause."""
    return f"nginx on {server} answers 421 to names that clients use: {'; '.join(map(str, names))}"


def _known(server: Mapping[str, Any], served: Iterable[str]) -> set[str]:
    """The names that the server serves; none where any is served, and where that is not known."""
    if _read(server, "nginx_serve_other_names") or _read(server, "nginx_behind_proxy"):
        return set()
    try:
        return {_plain(name) for name in served} or set(_served_by(server))
    except TemplateError:  # it needs the server's facts
        return set()


def _served_by(server: Mapping[str, Any]) -> Iterator[str]:
    """What its variables say, without the addresses that only its facts tell; nothing where they
    name no names."""
    name_lists = [server.get(variable) for variable in ("nginx_server_names", "registry_names")]
    if any(isinstance(names, (list, tuple)) for names in name_lists):
        yield from LOOPBACK
        yield from (_plain(name) for names in name_lists for name in names or ())
        yield from map(_plain, _mirror_names(server))
        yield from (_plain(address) for address in [_read(server, "registry_server_address")] if address)


def _refused(client: Mapping[str, Any], server: Mapping[str, Any], known: set[str]) -> Iterator[Use]:
    """A client's names that are not among the known ones."""
    if _read(client, "registry_client_state") == "absent":
        return
    names = list(dict.fromkeys(map(_plain, _list(client, NAMES) or _list(client, "registry_names"))))
    refused = [name for name in names if not _is_served(name, known)]
    comes_here, led = len(refused) < len(names), _led_here(client, server)
    for name in refused:
        yield Use(name, NAMES, comes_here or name in led)
    # Other entries are other registries', unless they lead here.
    here = led | {_plain(_read(server, name)) for name in OWN_NAMES if _read(server, name)}
    for name, variable in _entries(client, server):
        if name in here and name not in names and not _is_served(name, known):
            yield Use(name, variable, name in led)


def _entries(client: Mapping[str, Any], server: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, variable) of the client's other entries, but for those of ports that are not
    nginx's."""
    ports = {str(_read(server, name) or port) for name, port in PORTS.items()}
    for variable, key in ENTRIES.items():
        for entry in _list(client, variable):
            if isinstance(entry, Mapping) != bool(key) or (key and entry.get("block")):
                continue  # the role refuses what is neither
            text = str(entry[key] if key and key in entry else "" if key else entry)
            place = text.rpartition("://")[2].partition("/")[0]
            host = strip_port(place)
            port = place.removeprefix("[").removeprefix(host).removeprefix("]").removeprefix(":")
            if host and (not port or port in ports):
                yield _plain(host), variable


def _led_here(client: Mapping[str, Any], server: Mapping[str, Any]) -> set[str]:
    """The names that the client's /etc/hosts gives to the server."""
    address = _read(client, "hosts_file_address") or _read(client, "registry_server_address")
    if not address or str(address) != str(_read(server, "registry_server_address")):
        return set()
    names = _list(client, "hosts_file_names") or [*_list(client, "registry_names"), *_mirror_names(client)]
    return set(map(_plain, names))


def _mirror_names(host: Mapping[str, Any]) -> list[Any]:
    """The mirror's names where the inventory has them, else those that the roles work out without a
    certificate."""
    names = _read(host, "mirror_names")
    return list(names) if isinstance(names, (list, tuple)) else name_mirrors(map(str, _list(host, "registry_names")))


def _is_served(name: str, known: set[str]) -> bool:
    """By nginx's rules for server_name: stars at an end, a dot in front; what an expression means
    is not judged."""
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
    value = _read(variables, name)
    return list(value) if isinstance(value, (list, tuple)) else []


def _read(variables: Mapping[str, Any], name: str) -> Any:
    """A variable of a host that another one looks at: what needs the host's facts is for its own
    play to judge."""
    try:
        return variables.get(name)
    except TemplateError:
        return None
