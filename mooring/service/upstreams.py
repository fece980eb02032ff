"""The registries that images come from, with their accounts, from the server's variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mooring.errors import UsageError
from mooring.registry.tokens import ANYBODY, PORTS, Account
from mooring.registry.transport import Endpoint, shorten
from mooring.service.budget import RESERVE
from mooring.templating.mirror_upstreams import addresses_of, find_problems

VARIABLE = "mirror_upstreams"
SERVER, CONTROL = "server", "control"
# Where the server keeps what has come of a layer, until it is whole.
DIRECTORY = "/var/lib/mooring/sync"


@dataclass(frozen=True)
class UpstreamSetting:
    """A registry's addresses, the first of them asked first, and who asks."""

    registry: str
    addresses: tuple[Endpoint, ...]
    account: Account = ANYBODY


@dataclass(frozen=True)
class SyncSettings:
    """How the registry is filled: from where, by which way, how much of a limit is left alone."""

    upstreams: Mapping[str, UpstreamSetting]
    via: str = SERVER
    reserve: int = RESERVE
    directory: str = DIRECTORY

    def find(self, registry: str) -> UpstreamSetting:
        """The setting of a registry; one that has none is asked under its own name, as anybody."""
        return self.upstreams.get(registry) or UpstreamSetting(registry, _read_addresses({"registry": registry}))


@dataclass(frozen=True)
class Secrets:
    """Where passwords come from: the environment, and a reader of a file that its
    owner alone may read."""

    environment: Mapping[str, str]
    read_file: Callable[[str], str]


def read_settings(variables: Mapping[str, Any], secrets: Secrets) -> SyncSettings:
    """From the server's variables; UsageError for what they should not be, which shows no
    password."""
    upstreams = variables.get(VARIABLE) or []
    for problem in find_problems(upstreams):
        raise UsageError(f"{VARIABLE}: {problem}")
    settings = [_read_upstream(entry, secrets) for entry in upstreams]
    via = str(variables.get("sync_via", SERVER))
    if via not in (SERVER, CONTROL):
        raise UsageError(f'sync_via is {SERVER} or {CONTROL}, not "{shorten(via, 40)}"')
    reserve = variables.get("hub_reserve", RESERVE)
    if not str(reserve).isdecimal():
        raise UsageError(f'hub_reserve is a number from 0 on, not "{shorten(str(reserve), 40)}"')
    directory = str(variables.get("sync_directory") or DIRECTORY)
    return SyncSettings({setting.registry: setting for setting in settings}, via, int(reserve), directory)


def _read_upstream(entry: Mapping[str, Any], secrets: Secrets) -> UpstreamSetting:
    """An entry in which no problem was found."""
    registry = str(entry["registry"])
    return UpstreamSetting(registry, _read_addresses(entry), _read_account(entry, registry, secrets))


def _read_addresses(entry: Mapping[str, Any]) -> tuple[Endpoint, ...]:
    places = [urlsplit(address) for address in addresses_of(entry)]
    return tuple(Endpoint(place.hostname or "", place.port or PORTS[place.scheme], place.scheme) for place in places)


def _read_account(entry: Mapping[str, Any], registry: str, secrets: Secrets) -> Account:
    name = str(entry.get("username") or "")
    variable, file = str(entry.get("password_env") or ""), str(entry.get("password_file") or "")
    if not name:
        return ANYBODY
    if file:
        return Account(name, secrets.read_file(file))
    if not secrets.environment.get(variable):
        raise UsageError(f"{VARIABLE}: {registry}: the environment has no {variable} (password_env)")
    return Account(name, secrets.environment[variable])
