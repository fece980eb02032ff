"""One registries.conf: registries, search list and aliases, whichever syntax it is written in.

Source: containers/image, pkg/sysregistriesv2, of 5.23 (podman 4.3), 5.34 (podman 5.4) and 5.39
(podman 5.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

from mooring.engines import toml
from mooring.engines.origin import Origin, Placed
from mooring.engines.toml import Toml, get

V1 = ("search", "insecure", "block")
TOP = ("registry", "unqualified-search-registries", "credential-helpers", "short-name-mode", "aliases")


@dataclass(frozen=True)
class Mirror:
    """One [[registry.mirror]]; `use` is its pull-from-mirror."""

    location: str
    insecure: bool
    use: str
    origin: Origin


@dataclass(frozen=True)
class Registry:
    """One [[registry]]; `prefix` is what names are compared with, `location` where they
    are really asked for."""

    prefix: str
    location: str
    origin: Origin
    insecure: bool = False
    blocked: bool = False
    digest_only: bool = False
    _: KW_ONLY
    mirrors: tuple[Mirror, ...] = ()


@dataclass(frozen=True)
class RegistriesConf:
    """A file's meaning; `search` is None where it says nothing of short names, which is
    not an empty list."""

    path: str
    document: Toml
    registries: tuple[Registry, ...] = ()
    search: tuple[Placed, ...] | None = None
    mode: Placed | None = None
    aliases: Mapping[str, Placed] = field(default_factory=dict)

    @property
    def tables(self) -> list[tuple[int, Mapping[str, Any]]]:
        """The [[registry]] tables as they are written, each with its number;
        anything else is left out."""
        return numbered(self.document.values.get("registry"))

    def has_v1(self, counts_empty: bool) -> bool:
        """Whether the old syntax is used; old libraries do not count a list that is empty."""
        lists = [get(self.document.values, "registries", name, "registries") for name in V1]
        return any(section is not None and (counts_empty or section) for section in lists)

    def has_v2(self, counts_empty: bool) -> bool:
        """Whether the new syntax is used."""
        values = [self.document.values.get(name) for name in TOP]
        return any(value is not None and value != "" and (counts_empty or value) for value in values)


def parse(text: str, path: str) -> RegistriesConf:
    """What the file says; where it cannot be read the document has the error."""
    document = _fold(toml.parse(text, path))
    conf = RegistriesConf(path, document)
    if conf.has_v1(counts_empty=False) and not conf.has_v2(counts_empty=False):
        return _old(document)
    search = document.values.get("unqualified-search-registries")
    mode = document.values.get("short-name-mode")
    aliases = document.values.get("aliases")
    return RegistriesConf(
        path,
        document,
        tuple(_registry(document, number, table) for number, table in conf.tables),
        _listed(search, document.origin("unqualified-search-registries")) if isinstance(search, list) else None,
        Placed(str(mode), document.origin("short-name-mode")) if mode else None,
        _aliases(document, aliases) if isinstance(aliases, Mapping) else {},
    )


def _fold(document: Toml) -> Toml:
    """The library takes keys in any case (source: BurntSushi/toml); names of aliases keep
    theirs."""

    def lower(value: Any) -> Any:
        if isinstance(value, list):
            return [lower(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        return {key.lower(): inner if key.lower() == "aliases" else lower(inner) for key, inner in value.items()}

    lines = {
        tuple(key.lower() if isinstance(key, str) and keys[0] != "aliases" else key for key in keys): line
        for keys, line in document.lines.items()
    }
    return replace(document, values=lower(document.values), lines=lines)


def numbered(value: Any) -> list[tuple[int, Mapping[str, Any]]]:
    """The tables of a list, each with its number."""
    listed = value if isinstance(value, list) else []
    return [(at, table) for at, table in enumerate(listed) if isinstance(table, Mapping)]


def clean(location: str) -> str:
    """A location or prefix as it is compared."""
    return location.rstrip("/")


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


def _listed(values: list[Any], origin: Origin) -> tuple[Placed, ...]:
    return tuple(Placed(clean(value), origin) for value in values if isinstance(value, str))


def _aliases(document: Toml, aliases: Mapping[str, Any]) -> dict[str, Placed]:
    return {name: Placed(str(value), document.origin("aliases", name)) for name, value in aliases.items()}


def _registry(document: Toml, number: int, table: Mapping[str, Any]) -> Registry:
    location = clean(_text(table, "location"))
    return Registry(
        clean(_text(table, "prefix")) or location,
        location,
        document.origin("registry", number),
        table.get("insecure") is True,
        table.get("blocked") is True,
        table.get("mirror-by-digest-only") is True,
        mirrors=tuple(
            Mirror(
                _text(mirror, "location"),
                mirror.get("insecure") is True,
                _text(mirror, "pull-from-mirror"),
                document.origin("registry", number, "mirror", at),
            )
            for at, mirror in numbered(table.get("mirror"))
        ),
    )


def _old(document: Toml) -> RegistriesConf:
    """The old syntax: lists of hosts to search, of insecure ones and of blocked ones."""

    def listed(name: str) -> tuple[Placed, ...]:
        values = get(document.values, "registries", name, "registries")
        place = document.origin("registries", name, "registries")
        return _listed(values, place) if isinstance(values, list) else ()

    insecure, blocked = listed("insecure"), listed("block")
    origins: dict[str, Origin] = {}
    for registry in (*blocked, *insecure):
        origins.setdefault(registry.text, registry.origin)
    kinds = [{registry.text for registry in listed} for listed in (insecure, blocked)]
    registries = [
        Registry(name, name, origin, insecure=name in kinds[0], blocked=name in kinds[1])
        for name, origin in origins.items()
    ]
    return RegistriesConf(document.path, document, tuple(registries), listed("search"))
