"""buildkitd.toml as far as pulls go (source: moby/buildkit, util/resolver and
cmd/buildkitd/config)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from mooring.engines import toml
from mooring.engines.origin import Origin, Placed
from mooring.engines.texts import BUILDKIT, ContainerEngine, ContainerTexts, recognize
from mooring.engines.toml import Toml

# A buildkitd of the host's own, and what new builders of buildx get.
DAEMONS, DEFAULT = "/etc/buildkit/buildkitd.toml", "/root/.docker/buildx/buildkitd.default.toml"
KEYS = ("mirrors", "http", "insecure", "ca", "keypair", "tlsconfigdir")


@dataclass(frozen=True)
class Registry:
    """One [registry."NAME"]; `http` and `insecure` are None where nothing is said."""

    name: str
    origin: Origin
    mirrors: tuple[str, ...] = ()
    http: bool | None = None
    insecure: bool | None = None
    authorities: tuple[str, ...] = ()
    _: KW_ONLY
    client: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Effective:
    """`file` is the one that counts: buildkitd's own, where that service is there, else the default
    of builders."""

    engine: ContainerEngine
    texts: ContainerTexts
    file: Toml
    is_there: bool = False
    registries: Mapping[str, Registry] = field(default_factory=dict)

    def registry(self, name: str) -> Registry:
        return self.registries.get(name) or Registry(name, Origin("the builder's default"))

    def settings(self) -> dict[str, list[Placed]]:
        """What somebody set, by key."""
        settings: dict[str, list[Placed]] = {}
        for registry in self.registries.values():
            words = [f"mirror {mirror}" for mirror in registry.mirrors]
            words += [name for name in ("http", "insecure") if getattr(registry, name)]
            words += [f"ca {path}" for path in registry.authorities]
            settings[f'registry "{registry.name}"'] = [Placed(", ".join(words) or "(nothing)", registry.origin)]
        return settings


def resolve(texts: ContainerTexts) -> Effective:
    """The settings of buildkitd, or of the builders to come."""
    path = DAEMONS if texts.unit(BUILDKIT).is_there or texts.files.get(DAEMONS) is not None else DEFAULT
    text = texts.files.get(path)
    engine = recognize(BUILDKIT, texts.programs.get("buildkitd", ""))
    if text is None:
        return Effective(engine, texts, Toml(path))
    file = toml.parse(text, path)
    tables = file.values.get("registry")
    registries = {
        name: _registry(name, table, file)
        for name, table in (tables.items() if isinstance(tables, Mapping) else ())
        if isinstance(table, Mapping)
    }
    return Effective(engine, texts, file, True, registries)


def _registry(name: str, table: Mapping[str, Any], file: Toml) -> Registry:
    pairs = [pair for pair in _list(table.get("keypair")) if isinstance(pair, Mapping)]
    return Registry(
        name,
        file.origin("registry", name),
        tuple(map(str, _list(table.get("mirrors")))),
        table["http"] if isinstance(table.get("http"), bool) else None,
        table["insecure"] if isinstance(table.get("insecure"), bool) else None,
        tuple(map(str, _list(table.get("ca")))),
        client=tuple(str(pair.get("cert")) for pair in pairs),
        keys=tuple(table),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
