"""Which names a server's certificate must have, and by which files of the control machine its
clients trust it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mooring.certificates.names import strip_port
from mooring.errors import TemplateError

Hosts = Mapping[str, Mapping[str, Any]]
"""The variables of hosts by name, as `hostvars`."""


def names_of(server: Mapping[str, Any]) -> list[str]:
    """The names without ports by which clients ask, the mirror's where they are set; none where
    another proxy's certificate is what they see."""
    if _read(server, "nginx_behind_proxy"):
        return []
    names = [name for variable in ("registry_names", "mirror_names") for name in _read(server, variable) or ()]
    return list(dict.fromkeys(strip_port(str(name)) for name in names))


def trusted_by(server: Mapping[str, Any], hosts: Hosts, clients: Iterable[str]) -> dict[str, list[str]]:
    """The CA files that clients of this server's names are given, each with the clients' names."""
    names, users_by_file = set(names_of(server)), dict[str, list[str]]()
    for client in clients if names else ():
        for file, used in _ca_files(hosts[client]):
            if names & {strip_port(name) for name in used} and client not in users_by_file.setdefault(file, []):
                users_by_file[file].append(client)
    return {file: users for file, users in users_by_file.items() if users}


def _ca_files(client: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """A client's CA files, each with the registries' names that it is for; variables as of the role
    registry_client."""
    if _read(client, "registry_client_state") == "absent":
        return
    file = _read(client, "registry_client_ca_file")
    if file:
        yield (
            _keep(file),
            list(map(str, _read(client, "registry_client_names") or _read(client, "registry_names") or ())),
        )
    for registry in _read(client, "registry_client_registries") or ():
        if isinstance(registry, Mapping) and registry.get("ca_file"):
            yield _keep(registry["ca_file"]), [str(registry.get("name"))]


def _keep(file: Any) -> str:
    """A path as text; what is text already keeps what is known of where it came from."""
    return file if isinstance(file, str) else str(file)


def _read(variables: Mapping[str, Any], name: str) -> Any:
    """A variable of a host that another one looks at: what needs the host's facts is for its own
    play to judge."""
    try:
        return variables.get(name)
    except TemplateError:
        return None
