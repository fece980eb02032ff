"""What should hold on a host: its registries and mirrors, and what is wrong with
such a wish by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

from mooring.engines.docker.registries import is_network
from mooring.engines.go_net import is_ip
from mooring.records.hub import HUB

LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
HOST = re.compile(rf"(?:{LABEL}(?:\.{LABEL})*|\[(?P<v6>[0-9a-fA-F:.]+)\])(?::(?P<port>[0-9]{{1,5}}))?")
URL = re.compile(r"(https?)://(.+)$")
WHERE_POSSIBLE = "where-possible"


@dataclass(frozen=True)
class Registry:
    """One registry; `ca`, `certificate` and `key` are texts of files, empty for none.

    `search` asks it for short names before Docker Hub: True, False or WHERE_POSSIBLE, which leaves
    it out where the engine cannot.
    """

    name: str
    insecure: bool = False
    ca: str = ""
    certificate: str = ""
    key: str = ""
    search: bool | str = False
    _: KW_ONLY
    block: bool = False


@dataclass(frozen=True)
class Mirror:
    """A mirror's address, scheme://host[:port], and the registry that it stands in for.

    `path` stands there before that registry's repositories, for engines that do not say which
    registry they mean.
    """

    url: str
    registry: str = HUB
    path: str = ""

    @property
    def location(self) -> str:
        """The mirror as podman and CRI-O have it: host[:port][/path]."""
        host = self.url.partition("://")[2]
        return f"{host}/{self.path}" if self.path else host


@dataclass(frozen=True)
class Wanted:
    """All that is asked for; a host has more than that, and keeps it."""

    registries: tuple[Registry, ...] = ()
    mirrors: tuple[Mirror, ...] = ()

    @property
    def insecure(self) -> tuple[str, ...]:
        return tuple(registry.name for registry in self.registries if registry.insecure)

    @property
    def blocked(self) -> tuple[str, ...]:
        return tuple(registry.name for registry in self.registries if registry.block)

    @property
    def searched(self) -> tuple[str, ...]:
        return tuple(registry.name for registry in self.registries if registry.search)

    @property
    def hub_mirrors(self) -> tuple[str, ...]:
        return tuple(mirror.url for mirror in self.mirrors if mirror.registry == HUB)

    @property
    def other_mirrors(self) -> tuple[Mirror, ...]:
        return tuple(mirror for mirror in self.mirrors if mirror.registry != HUB)


def is_host(text: str) -> bool:
    """Whether it is host[:port], the host a name or an address."""
    match = HOST.fullmatch(text)
    return bool(match and int(match["port"] or 0) < 2**16 and (match["v6"] is None or is_ip(match["v6"])))


def problems(wanted: Wanted) -> Iterator[str]:
    """What can be right on no host."""
    for registry in wanted.registries:
        yield from _registry_problems(registry)
    for mirror in wanted.mirrors:
        yield from _mirror_problems(mirror)


def _registry_problems(registry: Registry) -> Iterator[str]:
    name = registry.name
    more = [
        word for word, setting in (("search", registry.search), ("ca_file", registry.ca), ("block", registry.block))
        if setting
    ]  # fmt: skip
    if registry.insecure and is_network(name):
        if more:
            yield f'"{name}" is a network: it can be insecure, but not have {", ".join(more)}'
    elif registry.insecure and not is_host(name):
        yield f'insecure registry "{name}" is not a host, host:port or network; a scheme would make it useless'
    elif not is_host(name) and not (registry.block and name in ("all", "public")):
        yield f'"{name}" is not a host or host:port'
    if registry.insecure and (registry.ca or registry.certificate):
        trust = "its certificate (ca_file)" if registry.ca else "a client certificate"
        yield (
            f"{name} is to be trusted by {trust}, but is an insecure registry too, which switches the certificate off: "
            "take it out of the insecure registries"
        )
    if bool(registry.certificate) != bool(registry.key):
        missing = "key_file" if registry.certificate else "certificate_file"
        yield f"{name} has half a client certificate: {missing} is missing"
    if registry.search and registry.block:
        yield f"{name} is both to be searched and to be blocked"


def _mirror_problems(mirror: Mirror) -> Iterator[str]:
    """A mirror without a path and without a slash behind it is right on every engine."""
    match = URL.match(mirror.url)
    if match and "@" in match.group(2):
        yield (
            f'mirror "{_without_login(mirror.url)}" has a user name in it, which no engine takes; '
            "let the mirror itself log in at its upstream"
        )
    elif not match or not is_host(match.group(2)):
        yield f'mirror "{mirror.url}" must be scheme://host[:port], without a path'
    if not is_host(mirror.registry):
        yield f'mirror "{_without_login(mirror.url)}": its registry "{mirror.registry}" is not a host or host:port'


def _without_login(url: str) -> str:
    return re.sub(r"//[^/]*@", "//***@", url)
