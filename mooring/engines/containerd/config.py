"""containerd's config.toml and its imports, as far as pulls go."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from mooring.engines import toml
from mooring.engines.origin import Origin, Placed
from mooring.engines.texts import CONTAINERD, ContainerEngine, ContainerTexts, recognize
from mooring.engines.toml import Toml, get

PATH = "/etc/containerd/config.toml"
CERTIFICATES = "/etc/containerd/certs.d"
# Where the registry's settings stand below `plugins`, by the version that the file says it has.
OLDEST, CRI, IMAGES = "cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images"
# containerd 2.2 sets this where nobody else sets config_path (containerd#12808).
DEFAULT_PATHS = (CERTIFICATES, "/etc/docker/certs.d")
# The sections that hosts.toml came in place of.
OLD = ("mirrors", "configs", "auths")
# Of one file; nobody has so many.
MOST_IMPORTS = 200
CONF_D = "/etc/containerd/conf.d/*.toml"


@dataclass(frozen=True)
class Setting:
    """One value below the registry's table, with its place."""

    value: Any
    origin: Origin


@dataclass(frozen=True)
class Effective:
    """`files` in the order in which they are read; `registry` the settings of the CRI plugin's
    `registry` table; `missing` imports that are not there; `replaced` places whose section a later
    file replaced."""

    engine: ContainerEngine
    texts: ContainerTexts
    files: tuple[Toml, ...]
    registry: Mapping[str, Setting]
    missing: tuple[Placed, ...] = ()
    replaced: tuple[Origin, ...] = ()

    @property
    def config_paths(self) -> tuple[str, ...]:
        """The folders that hosts.toml is looked for in."""
        setting = self.registry.get("config_path")
        if setting is not None and setting.value:
            paths = tuple(path for path in str(setting.value).split(":") if path)
            # The transfer service of 2.1 takes several for one name (source:
            # `pullImageWithTransferService`).
            return () if len(paths) > 1 and self.uses_transfer and not self.engine.is_at_least(2, 2) else paths
        return DEFAULT_PATHS if self.engine.is_at_least(2, 2) else ()

    @property
    def uses_transfer(self) -> bool:
        """Whether pulls go by the transfer service: since 2.1, unless old sections are there
        (source: `CheckLocalImagePullConfigs`)."""
        return self.engine.is_at_least(2, 1) and not any(self.table(key) for key in OLD)

    def table(self, key: str) -> Mapping[str, Any]:
        """A table of the registry's settings, empty where there is none."""
        setting = self.registry.get(key)
        return setting.value if setting is not None and isinstance(setting.value, Mapping) else {}

    def settings(self) -> dict[str, list[Placed]]:
        """What somebody set, by key."""
        return {
            f"registry.{key}": [
                Placed(placed.value if isinstance(placed.value, str) else str(placed.value), placed.origin)
            ]
            for key, placed in self.registry.items()
        }


def resolve(texts: ContainerTexts) -> Effective:
    """Put config.toml and its imports together.

    containerd 1.x replaces a plugin's whole section by that of a later file, 2.x merges them
    (source: `mergeConfig`; tried on 1.6.20, 1.7.24 and 2.1.9). From 2.2 on conf.d/*.toml is
    imported where nothing else is.
    """
    engine = recognize(CONTAINERD, texts.programs.get(CONTAINERD, ""))
    files, missing = _read(texts, engine)
    registry: dict[str, Setting] = {}
    replaced: list[Origin] = []
    for file in files:
        plugin = plugin_of(file, engine)
        section = get(file.values, "plugins", plugin)
        if not isinstance(section, Mapping):
            continue
        if not engine.is_at_least(2):
            replaced += [setting.origin for setting in registry.values()]
            registry = {}
        table = section.get("registry")
        for key, value in table.items() if isinstance(table, Mapping) else ():
            registry[key] = Setting(value, file.origin("plugins", plugin, "registry", key))
    return Effective(engine, texts, files, registry, missing, tuple(replaced))


def main_path(texts: ContainerTexts) -> str:
    """The file that the service is started with."""
    argv = texts.unit(CONTAINERD).argv
    for number, word in enumerate(argv):
        if word in ("-c", "--config") and number + 1 < len(argv):
            return argv[number + 1]
        if word.startswith("--config="):
            return word.partition("=")[2]
    return PATH


def config_version(file: Toml) -> int:
    """The version that the file says it has; 1 where it says none."""
    value = file.values.get("version", 1)
    return value if isinstance(value, int) else 1


def plugin_of(file: Toml, engine: ContainerEngine) -> str:
    """The plugin whose section holds the registry's settings in this file (tried on 1.6.20,
    1.7.24 and 2.1.9).

    In files of version 2, containerd 2.x takes the first of three names that is there.
    """
    version = config_version(file)
    if not engine.is_at_least(2):
        return OLDEST if version == 1 else CRI
    if version != 2:
        return IMAGES
    names = (CRI, OLDEST, IMAGES)
    return next((name for name in names if get(file.values, "plugins", name, "registry") is not None), CRI)


def _read(texts: ContainerTexts, engine: ContainerEngine) -> tuple[tuple[Toml, ...], tuple[Placed, ...]]:
    files: dict[str, Toml] = {}
    missing: list[Placed] = []
    pending = deque([Placed(main_path(texts), Origin(main_path(texts)))])
    while pending:
        place = pending.popleft()
        text = texts.files.get(place.text)
        if place.text in files or text is None:
            if text is None and place.text != main_path(texts):
                missing.append(place)
            continue
        file = files[place.text] = toml.parse(text, place.text)
        pending += _imports(file, texts, engine)
    return tuple(files.values()), tuple(missing)


def _imports(file: Toml, texts: ContainerTexts, engine: ContainerEngine) -> list[Placed]:
    named = file.values.get("imports")
    if named is None and engine.is_at_least(2, 2) and file.path == main_path(texts):
        named = [CONF_D]
    imports: list[Placed] = []
    known = sorted(name for name, text in texts.files.items() if text is not None)
    for pattern in named[:MOST_IMPORTS] if isinstance(named, list) else []:
        path = str(pattern) if str(pattern).startswith("/") else f"{file.path.rpartition('/')[0]}/{pattern}"
        names = [name for name in known if fnmatchcase(name, path)] if "*" in path else [path]
        imports += [Placed(name, file.origin("imports")) for name in names]
    return imports


def find_unread(conf: Effective) -> tuple[str, ...]:
    """Those of the files that the running containerd may not have read: they changed
    after it was started."""
    newer = conf.texts.unit(CONTAINERD).newer
    return tuple(file.path for file in conf.files if file.path in newer)
