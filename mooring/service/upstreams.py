"""The registries that images come from, with their accounts, from the server's variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mooring.errors import UsageError
from mooring.records.hub import HUB, HUB_URL
from mooring.registry.tokens import ANYBODY, PORTS, Account
from mooring.registry.transport import Endpoint, shorten
from mooring.service.budget import RESERVE
from mooring.service.image_names import is_registry

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
        address = HUB_URL if registry == HUB else f"https://{registry}"
        return self.upstreams.get(registry) or UpstreamSetting(registry, (read_address(address, registry),))


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
    if not isinstance(upstreams, (list, tuple)):
        raise UsageError(f"{VARIABLE} is to be a list")
    settings = [_read_upstream(entry, secrets) for entry in upstreams]
    via = str(variables.get("sync_via", SERVER))
    if via not in (SERVER, CONTROL):
        raise UsageError(f'sync_via is {SERVER} or {CONTROL}, not "{shorten(via, 40)}"')
    reserve = variables.get("hub_reserve", RESERVE)
    if not str(reserve).isdecimal():
        raise UsageError(f'hub_reserve is a number from 0 on, not "{shorten(str(reserve), 40)}"')
    directory = str(variables.get("sync_directory") or DIRECTORY)
    return SyncSettings({setting.registry: setting for setting in settings}, via, int(reserve), directory)


def read_address(text: str, registry: str) -> Endpoint:
    """The endpoint of an address such as https://registry-1.docker.io."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        shown = shorten(text.rpartition("@")[2], 80)
        raise UsageError(f'{VARIABLE}: {registry}: "{shown}" is to be https://HOST or https://HOST:PORT')
    return Endpoint(parts.hostname, port or PORTS[parts.scheme], parts.scheme)


def _read_upstream(entry: Any, secrets: Secrets) -> UpstreamSetting:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("registry"), str):
        raise UsageError(f"{VARIABLE}: each entry is to have a registry, such as {HUB}")
    registry = str(entry["registry"])
    if not is_registry(registry):
        raise UsageError(f'{VARIABLE}: "{shorten(registry, 80)}" is no name of a registry')
    addresses = entry.get("addresses") or [HUB_URL if registry == HUB else f"https://{registry}"]
    if not isinstance(addresses, (list, tuple)):
        raise UsageError(f"{VARIABLE}: {registry}: addresses is to be a list")
    account = _read_account(entry, registry, secrets)
    return UpstreamSetting(registry, tuple(read_address(str(address), registry) for address in addresses), account)


def _read_account(entry: Mapping[str, Any], registry: str, secrets: Secrets) -> Account:
    name = str(entry.get("username") or "")
    variable, file = str(entry.get("password_env") or ""), str(entry.get("password_file") or "")
    if not name:
        if variable or file:
            raise UsageError(f"{VARIABLE}: {registry} has a password and no username")
        return ANYBODY
    if bool(variable) == bool(file):
        raise UsageError(f"{VARIABLE}: {registry}: give the password of {name} by password_env or by password_file")
    if file:
        return Account(name, secrets.read_file(file))
    if not secrets.environment.get(variable):
        raise UsageError(f"{VARIABLE}: {registry}: the environment has no {variable} (password_env)")
    return Account(name, secrets.environment[variable])
