"""One registry's folder: its hosts.toml, or the certificates in the manner of Docker.

Source: containerd, remotes/docker/config/hosts.go, of 1.6.20, 1.7.24 and 2.1.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mooring.engines import toml
from mooring.engines.origin import Origin
from mooring.engines.toml import Toml

NAME = "hosts.toml"
KEYS = ("capabilities", "ca", "client", "skip_verify", "header", "override_path", "dial_timeout")
TOP = (*KEYS, "server", "host")
CAPABILITIES = ("pull", "resolve", "push")


@dataclass(frozen=True)
class Host:
    """One place to ask; `url` is empty for the registry itself under its own name."""

    url: str
    origin: Origin
    capabilities: tuple[str, ...] = CAPABILITIES
    authorities: tuple[str, ...] = ()
    client: tuple[str, ...] = ()
    skip_verify: bool | None = None

    @property
    def has_tls(self) -> bool:
        """Whether anything is said about TLS."""
        return bool(self.authorities or self.client) or self.skip_verify is not None


@dataclass(frozen=True)
class HostsToml:
    """A hosts.toml: `hosts` in the order of the file, the `server` last. `error` says
    why it is not taken."""

    path: str
    document: Toml
    hosts: tuple[Host, ...] = ()
    error: str = ""

    @property
    def server(self) -> str:
        value = self.document.values.get("server")
        return value if isinstance(value, str) else ""


def folders(root: str, registry: str) -> list[str]:
    """Where a registry is looked for, in order; the first folder that is there counts (source:
    `hostPaths`)."""
    host, colon, port = registry.rpartition(":")
    special = [f"{root}/{host}_{port}_"] if colon and host else []
    return [*special, f"{root}/{registry}", f"{root}/_default"]


def parse(text: str, path: str) -> HostsToml:
    """What the file says; a file that cannot be read is logged and counts as if it were not
    there."""
    document = toml.parse(text, path)
    if document.error:
        return HostsToml(path, document, error=document.error)
    tables = document.values.get("host")
    if tables is not None and not isinstance(tables, Mapping):
        return HostsToml(path, document, error="host is not a table")
    hosts: list[Host] = []
    for url, table in (*(tables or {}).items(), (document.values.get("server") or "", document.values)):
        problem = _problem(url, table)
        if problem:
            return HostsToml(path, document, error=problem)
        place = document.origin("host", url) if table is not document.values else document.origin("server")
        hosts.append(_host(url, table, place, path.rpartition("/")[0]))
    return HostsToml(path, document, tuple(hosts))


def unknown_keys(file: HostsToml) -> Iterator[tuple[str, ...]]:
    """Keys that mean nothing."""
    yield from ((key,) for key in file.document.values if key not in TOP)
    tables = file.document.values.get("host")
    for url, table in tables.items() if isinstance(tables, Mapping) else ():
        yield from (("host", url, key) for key in table if key not in KEYS)


def from_certificates(folder: str, names: tuple[str, ...]) -> Host:
    """A folder without a hosts.toml, as Docker has it: *.crt are authorities, *.cert and *.key the
    client's own."""
    return Host(
        "",
        Origin(folder),
        authorities=tuple(f"{folder}/{name}" for name in names if name.endswith(".crt")),
        client=tuple(f"{folder}/{name}" for name in names if name.endswith(".cert")),
    )


def _problem(url: Any, table: Any) -> str:
    """Why the file is not taken (source: `parseHostConfig`)."""
    if not isinstance(url, str) or not isinstance(table, Mapping):
        return f'"{url}" is not a table of a host'
    try:
        urlsplit(url).port  # noqa: B018
    except ValueError:
        return f'"{url}" is not a URL'
    capabilities = table.get("capabilities") or []
    if not isinstance(capabilities, list):
        return "capabilities is not a list"
    unknown = [capability for capability in capabilities if str(capability).lower() not in CAPABILITIES]
    if unknown:
        return f'unknown capability "{unknown[0]}"'
    for key, kinds in (("skip_verify", bool), ("override_path", bool), ("header", dict), ("ca", (str, list))):
        if key in table and not isinstance(table[key], kinds):
            return f'"{key}" has a value of the wrong kind'
    if any(not isinstance(path, str) for path in _list(table.get("ca"))):
        return '"ca" has a value of the wrong kind'
    pairs = [client for client in _list(table.get("client")) if isinstance(client, list)]
    if any(len(pair) != 2 for pair in pairs):
        return '"client" has a pair that is none'
    return ""


def _host(url: str, table: Mapping[str, Any], origin: Origin, folder: str) -> Host:
    def absolute(path: str) -> str:
        return path if path.startswith("/") else f"{folder}/{path}"

    first = [pair[0] if isinstance(pair, list) else pair for pair in _list(table.get("client"))]
    return Host(
        _url(url, table.get("override_path") is True),
        origin,
        tuple(str(capability).lower() for capability in table.get("capabilities") or CAPABILITIES),
        tuple(absolute(authority) for authority in _list(table.get("ca"))),
        tuple(absolute(str(certificate)) for certificate in first),
        table.get("skip_verify"),
    )


def _url(url: str, overrides_path: bool) -> str:
    """The URL that names are put behind, less the /v2 that every registry has."""
    if not url:
        return ""
    whole = (url if url.startswith("http") else f"https://{url}").rstrip("/")
    return whole if overrides_path else whole.removesuffix("/v2")


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
