"""What is wrong with containerd's configuration of registries.

"Stops" means here that containerd does not start, or runs on without its CRI plugin, so that
nothing can be pulled for Kubernetes. A rule is a function that yields conflicts; its docstring
tells its source.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.engines.containerd import hosts_toml
from mooring.engines.containerd.config import (
    CERTIFICATES,
    CRI,
    IMAGES,
    OLD,
    OLDEST,
    Effective,
    config_version,
    main_path,
    plugin_of,
)
from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.origin import Origin
from mooring.engines.toml import get


def find_bad_files(effective: Effective) -> Iterator[Conflict]:
    """No TOML, or an import that is not there: "failed to load TOML" (tried on 1.6.20,
    1.7.24 and 2.1.9)."""
    for file in effective.files:
        if file.error:
            yield Conflict("bad-toml", Severity.STOPS, f"it cannot be read: {file.error}", (Origin(file.path),))
    for path in effective.missing:
        message = f"imports names {path.text}, and it is not there"
        yield Conflict("missing-import", Severity.STOPS, message, (path.origin,))


def find_bad_versions(effective: Effective) -> Iterator[Conflict]:
    """1.7 takes versions up to 2, 2.x up to 3; 1.6 takes any; of several files the last one decides
    (tried on 1.6.20, 1.7.24 and 2.1.9)."""
    engine = effective.engine
    highest = 3 if engine.is_at_least(2) else 2 if engine.is_at_least(1, 7) else 9999
    for file in effective.files:
        if not isinstance(file.values.get("version", 1), int):
            yield Conflict("config-version", Severity.STOPS, "version must be a number", (file.origin("version"),))
    named = [file for file in effective.files if "version" in file.values][-1:]
    for file in named:
        version = config_version(file)
        if version > highest:
            message = f"{engine} takes files up to version {highest}, this one is of version {version}"
            yield Conflict("config-version", Severity.STOPS, message, (file.origin("version"),))


def find_old_with_new(effective: Effective) -> Iterator[Conflict]:
    """The CRI plugin does not load: "`mirrors` cannot be set when `config_path` is provided".

    containerd PR #5304; tried on 1.6.20, 1.7.24 and 2.1.9; on 1.x `configs` with tls as well. 2.2
    has a config_path by itself (containerd#12808).
    """
    if not effective.config_paths and not effective.registry.get("config_path"):
        return
    path = effective.registry.get("config_path")
    if path is not None and not path.value and not effective.engine.is_at_least(2, 2):
        return
    here = path.origin if path is not None else Origin("the engine's default config_path")
    if effective.table("mirrors"):
        message = "mirrors and config_path do not go together: the CRI plugin does not load, nothing can be pulled"
        yield Conflict("mirrors-and-config-path", Severity.STOPS, message, (effective.registry["mirrors"].origin, here))
    with_tls = any(get(table, "tls") is not None for table in effective.table("configs").values())
    if with_tls and not effective.engine.is_at_least(2):
        message = "configs with tls and config_path do not go together: the CRI plugin does not load"
        yield Conflict("configs-and-config-path", Severity.STOPS, message, (effective.registry["configs"].origin, here))


def find_old_sections(effective: Effective) -> Iterator[Conflict]:
    """mirrors, configs and auths are deprecated since 1.5 (containerd PR #4978); 2.x ignores the
    tls of configs."""
    for key in OLD:
        if effective.table(key):
            place = effective.registry[key].origin
            message = f"{key} is deprecated: use config_path and hosts.toml"
            yield Conflict("deprecated", Severity.SURPRISING, message, (place,))
    with_tls = any(get(table, "tls") is not None for table in effective.table("configs").values())
    if with_tls and effective.engine.is_at_least(2):
        message = f"{effective.engine} ignores the tls of configs: set it in hosts.toml"
        yield Conflict("configs-tls", Severity.USELESS, message, (effective.registry["configs"].origin,))


def find_misplaced_sections(effective: Effective) -> Iterator[Conflict]:
    """The section's name differs by the file's version and the engine's (tried on all three); 1.x
    refuses a short name in a file of version 2 ("invalid plugin key URI")."""
    for file in effective.files:
        right = plugin_of(file, effective.engine)
        for name in (OLDEST, CRI, IMAGES):
            if name == right or get(file.values, "plugins", name) is None:
                continue
            place = (file.origin("plugins", name, "registry"),)
            if name == OLDEST and not effective.engine.is_at_least(2) and config_version(file) == 2:
                message = f'a file of version 2 must write "{CRI}", not "{OLDEST}"'
                yield Conflict("misplaced", Severity.STOPS, message, place)
            elif get(file.values, "plugins", name, "registry") is not None:
                message = f'in a file of version {config_version(file)} {effective.engine} reads plugins."{right}"'
                yield Conflict("misplaced", Severity.USELESS, f"{message}, not this section", place)


def find_replaced_sections(effective: Effective) -> Iterator[Conflict]:
    """On 1.x an imported file replaces a plugin's whole section (source: `mergeConfig`; tried on
    1.6.20, 1.7.24)."""
    for origin in effective.replaced:
        message = "this does nothing: an imported file has a section for the same plugin, which replaces this one whole"
        yield Conflict("replaced", Severity.USELESS, message, (origin,))


def find_disabled_plugin(effective: Effective) -> Iterator[Conflict]:
    """docker's packages ship `disabled_plugins = ["cri"]`: containerd then serves docker only."""
    for file in effective.files:
        disabled = file.values.get("disabled_plugins")
        if isinstance(disabled, list) and {OLDEST, CRI} & {str(plugin) for plugin in disabled}:
            message = "the CRI plugin is switched off: only docker, nerdctl and ctr pull, by settings of their own"
            yield Conflict("cri-disabled", Severity.SURPRISING, message, (file.origin("disabled_plugins"),))


def find_idle_folders(effective: Effective) -> Iterator[Conflict]:
    """Without config_path nothing reads hosts.toml; of several folders for one registry only the
    first is read (source: `hostPaths`); the file is called hosts.toml (containerd#7896)."""
    roots = effective.config_paths
    if CERTIFICATES not in roots and effective.texts.certificates.get(CERTIFICATES):
        message = "nothing is read from here: the CRI plugin's config_path does not name it"
        yield Conflict("idle-folder", Severity.USELESS, message, (Origin(CERTIFICATES),))
    path = effective.registry.get("config_path")
    has_several = ":" in str(path.value) if path is not None and path.value else len(roots) > 1
    if has_several and effective.uses_transfer:
        place = path.origin if path is not None else Origin(main_path(effective.texts))
        message = "several folders in config_path are reported to be ignored (containerd#12808): name one"
        yield Conflict("several-paths", Severity.SURPRISING, message, (place,))
    for root in roots:
        there = effective.texts.certificates.get(root, {})
        for registry, names in sorted(there.items()):
            host, colon, port = registry.rpartition(":")
            if colon and f"{host}_{port}_" in there:
                places = (Origin(f"{root}/{registry}"), Origin(f"{root}/{host}_{port}_"))
                yield Conflict("hidden-folder", Severity.USELESS, "it is not read, the other one is", places)
            for name in names:
                if name.endswith(".toml") and name != hosts_toml.NAME:
                    message = f"nobody reads it: the name must be {hosts_toml.NAME}"
                    yield Conflict("file-name", Severity.USELESS, message, (Origin(f"{root}/{registry}/{name}"),))


def find_bad_hosts(effective: Effective) -> Iterator[Conflict]:
    """A hosts.toml with a mistake is logged and passed over (source: `loadHostDir`); unknown keys
    are ignored."""
    for root in effective.config_paths:
        for registry in sorted(effective.texts.certificates.get(root, {})):
            path = f"{root}/{registry}/{hosts_toml.NAME}"
            text = effective.texts.files.get(path)
            if text:
                yield from judge_hosts(hosts_toml.parse(text, path))


def judge_hosts(file: hosts_toml.HostsToml) -> Iterator[Conflict]:
    """What is wrong with one hosts.toml; docker's containerd image store reads it by the same
    code."""
    if file.error:
        message = f"the file does not count: {file.error}"
        yield Conflict("bad-hosts", Severity.USELESS, message, (Origin(file.path),))
        return
    for keys in hosts_toml.unknown_keys(file):
        message = f'there is no setting "{keys[-1]}", so it does nothing'
        yield Conflict("unknown-key", Severity.USELESS, message, (file.document.origin(*keys),))


RULES = (
    find_bad_files,
    find_bad_versions,
    find_old_with_new,
    find_old_sections,
    find_misplaced_sections,
    find_replaced_sections,
    find_disabled_plugin,
    find_idle_folders,
    find_bad_hosts,
)
