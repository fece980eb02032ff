"""podman's and CRI-O's effective configuration: the main file and its drop-ins put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace

from mooring.engines.origin import Origin, Placed
from mooring.engines.podman.registries_conf import RegistriesConf, Registry, parse
from mooring.engines.texts import CRIO, PODMAN, ContainerEngine, ContainerTexts, recognize

SYSTEM, USERS = "/etc/containers", "/root/.config/containers"
MAIN = f"{SYSTEM}/registries.conf"
# podman takes the path of the main file from these, the first one that is set.
VARIABLES = ("CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH")
PERMISSIVE = "permissive"


@dataclass(frozen=True)
class Effective:
    """`files` in the order in which they are read, the main file first where there is one; `main`
    is its path."""

    engine: ContainerEngine
    texts: ContainerTexts
    main: str
    files: tuple[RegistriesConf, ...] = ()
    registries: Mapping[str, Registry] = field(default_factory=dict)
    search: tuple[Placed, ...] = ()
    _: KW_ONLY
    mode: Placed = field(default_factory=lambda: Placed(PERMISSIVE, Origin("the engine's default")))
    aliases: Mapping[str, Placed] = field(default_factory=dict)

    def find(self, name: str) -> Registry | None:
        """The registry with the longest prefix that fits the full name."""
        fitting = [registry for registry in self.registries.values() if match(name, registry.prefix) >= 0]
        return max(fitting, key=lambda registry: len(registry.prefix)) if fitting else None

    def settings(self) -> dict[str, list[Placed]]:
        """What somebody set, by key."""
        settings = {"unqualified-search-registries": list(self.search)}
        if self.mode.origin.path.startswith("/"):
            settings["short-name-mode"] = [self.mode]
        for registry in self.registries.values():
            settings[f'registry "{registry.prefix}"'] = [Placed(_summary(registry), registry.origin)]
        for name, value in self.aliases.items():
            settings[f'alias "{name}"'] = [value]
        return {key: values for key, values in settings.items() if values}


def resolve(texts: ContainerTexts, name: str = PODMAN) -> Effective:
    """Put the files together.

    A drop-in's [[registry]] replaces the one with the same prefix as a whole, its search list and
    its mode replace the earlier ones, aliases add up. root's own registries.conf replaces the
    system's with all its drop-ins (source: `newConfigWrapper`); drop-ins are read in the order of
    their names, and only *.conf.
    """
    main, folders = _places(texts, name)
    engine = recognize(name, texts.programs.get(name, ""))
    texts_by_path = [
        (main, texts.files.get(main)),
        *(file_text for folder in folders for file_text in texts.below(folder, ".conf")),
    ]
    files = [parse(_readable(text, engine), path) for path, text in texts_by_path if text is not None]
    registries: dict[str, Registry] = {}
    search: tuple[Placed, ...] = ()
    mode: Placed | None = None
    aliases: dict[str, Placed] = {}
    for file in files:
        own: dict[str, Registry] = {}
        for registry in file.registries:
            own.setdefault(registry.prefix, registry)  # within one file the first one of a prefix counts
        registries.update(own)
        search = file.search if file.search is not None else search
        mode = file.mode or mode
        aliases.update(file.aliases)
    effective = Effective(engine, texts, main, tuple(files), registries, search, aliases=aliases)
    return effective if mode is None else replace(effective, mode=mode)


def _readable(text: str, engine: ContainerEngine) -> str:
    """podman 5 takes a byte order mark, 4.3.1 does not (asked)."""
    return text.removeprefix("\ufeff") if engine.is_at_least(5) else text


def match(name: str, prefix: str) -> int:
    """How much of the name the prefix covers, -1 where it does not fit (source:
    `refMatchingPrefix`)."""
    if prefix.startswith("*."):
        at = name.find(prefix[1:])
        end = at + len(prefix) - 1
        if at < 0 or "/" in name[:at]:
            return -1
    else:
        end = len(prefix)
        if not prefix or not name.startswith(prefix):
            return -1
    return end if end == len(name) or name[end] in ":/@" else -1


def _places(texts: ContainerTexts, name: str) -> tuple[str, list[str]]:
    """(the main file, the folders of drop-ins)."""
    if name != CRIO:
        for variable in VARIABLES:
            if texts.environment.get(variable):
                return texts.environment[variable], [f"{SYSTEM}/registries.conf.d", f"{USERS}/registries.conf.d"]
    own = f"{USERS}/registries.conf"
    if texts.files.get(own) is not None:
        return own, [f"{USERS}/registries.conf.d"]
    return MAIN, [f"{SYSTEM}/registries.conf.d", f"{USERS}/registries.conf.d"]


def _summary(registry: Registry) -> str:
    words = [registry.location or "(its own name)"]
    words += ["insecure"] if registry.insecure else []
    words += ["blocked"] if registry.blocked else []
    words += [f"mirror {mirror.location}{' (insecure)' if mirror.insecure else ''}" for mirror in registry.mirrors]
    return ", ".join(words)
