"""The daemon's four settings about registries: what is to be put in, what is to go, and where each
entry belongs."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.engines.docker import insecure, mirrors, registry_names
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.flags import Flag
from mooring.engines.docker.image_store import has_hosts_files
from mooring.engines.docker.old_engines import SETTINGS_SINCE
from mooring.engines.docker.registries import is_network
from mooring.engines.docker.registries_service import GENERATED, SERVICE, SOURCE, flags_of
from mooring.engines.origin import Placed
from mooring.engines.plan.host import Paths
from mooring.engines.plan.record import Record
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.wanted import WHERE_POSSIBLE, Wanted
from mooring.records.hub import HUB, HUB_INDEX

JSON, VARIABLE = "daemon.json", "variable"


@dataclass(frozen=True)
class Setting:
    """A setting's key in daemon.json, its flag, the variable of Red Hat's unit that holds the flag,
    and its field in `Registries`."""

    key: str
    flag: str
    variable: str
    field: str
    noun: str


INSECURE = Setting(
    "insecure-registries", "--insecure-registry", "INSECURE_REGISTRY", "insecure", "insecure registry"
)  # fmt: skip
ADD = Setting("add-registry", "--add-registry", "ADD_REGISTRY", "added", "added registry")
BLOCK = Setting("block-registry", "--block-registry", "BLOCK_REGISTRY", "blocked", "blocked registry")
MIRRORS = Setting("registry-mirrors", "--registry-mirror", "", "mirrors", "mirror")
# In the order in which a new daemon.json has them.
SETTINGS = (MIRRORS, INSECURE, ADD, BLOCK)


@dataclass(frozen=True)
class Entries:
    """One setting's entries: all that are wanted, those of them that are missing in the files, and
    those that Mooring put in and nobody asks for any more."""

    setting: Setting
    wanted: tuple[str, ...]
    missing: tuple[str, ...]
    gone: tuple[str, ...]


def entries_of(effective: Effective, wanted: Wanted, record: Record) -> list[Entries]:
    """What is to be done with each setting."""
    groups = []
    for setting, wanted_entries in ((known, _asked(known, effective, wanted)) for known in SETTINGS):
        there = {normal(setting, _taken(setting, effective, value)) for value in effective.values(setting.key)}
        names = {normal(setting, entry) for entry in wanted_entries}
        missing = tuple(entry for entry in wanted_entries if normal(setting, entry) not in there)
        gone = tuple(entry for entry in record.of(setting.key) if normal(setting, entry) not in names)
        groups.append(Entries(setting, wanted_entries, missing, gone))
    return groups


def _taken(setting: Setting, effective: Effective, value: Placed) -> str:
    """The entry as the engine takes it."""
    if setting is INSECURE:
        return insecure.taken(value.text, effective.engine, effective.is_flag(value))
    if setting is MIRRORS:
        return mirrors.taken(value.text, effective.engine, effective.is_flag(value))
    return HUB if value.text == HUB_INDEX and effective.is_flag(value) else value.text


def normal(setting: Setting, entry: str) -> str:
    """The entry to compare by: as the daemon shows it, a mirror's scheme and host in small
    letters."""
    shown = as_shown(setting, entry)
    if setting is not MIRRORS or "://" not in shown:
        return shown
    scheme, _, rest = shown.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"


def as_shown(setting: Setting, entry: str) -> str:
    """The entry as the daemon shows it: a mirror without its slash, a network by its first
    address."""
    if setting is MIRRORS:
        return entry.rstrip("/")
    if setting is INSECURE and is_network(entry):
        return str(ipaddress.ip_network(entry, strict=False))
    return entry


def _asked(setting: Setting, effective: Effective, wanted: Wanted) -> tuple[str, ...]:
    if setting is ADD and not effective.engine.is_redhat:
        return ()
    by_setting = {
        MIRRORS: wanted.hub_mirrors,
        INSECURE: wanted.insecure,
        ADD: tuple(name for name in wanted.searched if not registry_names.find_problem(name)),
        BLOCK: wanted.blocked if effective.engine.is_redhat else (),
    }
    entries: dict[str, str] = {}
    for entry in by_setting[setting]:
        # As a flag the one means the other, as a key it does not (tried on 1.13.1, 7d71120).
        entry = HUB if entry == HUB_INDEX and setting in (ADD, BLOCK) else entry
        entries.setdefault(normal(setting, entry), entry)
    return tuple(entries.values())


def place(setting: Setting, effective: Effective, paths: Paths) -> str | Refusal:
    """Where a missing entry goes: where the setting stands already, since as flag and as key it
    keeps the daemon from starting; else where it disturbs least.

    Red Hat's daemon takes insecure registries over from daemon.json by a reload, so they go there;
    added and blocked ones need a restart in any case, and belong where its unit has variables for
    them. Before 1.12 they are flags alone.
    """
    if setting.key in effective.file.values:
        return JSON
    flags = effective.command.of(setting.key)
    has_variable = effective.engine.is_redhat and is_expanded(effective, setting.variable, paths)
    is_old = effective.engine.version < SETTINGS_SINCE
    if is_old and not has_variable:
        return _flag_alone(setting, effective, paths)
    if flags and not has_variable:
        places = " and ".join(dict.fromkeys(str(flag.origin) for flag in flags))
        return Refusal(
            f"{setting.key} would be set twice, and {effective.engine} would not start: as {setting.flag} in {places}, "
            f'and as "{setting.key}" in {effective.file.path}',
            _remedy(flags),
        )
    if flags or is_old:
        return VARIABLE
    is_reread = setting is INSECURE and not has_at_boot(setting, effective)
    return VARIABLE if has_variable and not is_reread else JSON


def _remedy(flags: list[Flag]) -> str:
    """What to do about a setting that is a flag already."""
    if all(flag.origin.path == GENERATED for flag in flags):
        return (
            f"{GENERATED} is made of {SOURCE}: say all of this setting there, or take it out there, "
            f"then `systemctl restart {SERVICE}`"
        )
    return "remove one of the two (best the flag), or leave this setting out of registry_client's variables"


def _flag_alone(setting: Setting, effective: Effective, paths: Paths) -> Refusal:
    place = f"OPTIONS in {paths.sysconfig}" if is_expanded(effective, "OPTIONS", paths) else "the unit's own options"
    return Refusal(
        f"{effective.engine} takes no {setting.key} from daemon.json (docker 1.12 is the first), and its unit has no "
        "variable for them",
        f"give each as {setting.flag} in {place}, or bring a newer docker",
    )


def has_at_boot(setting: Setting, effective: Effective) -> bool:
    """Whether registries.service may give the daemon the setting's flag at a boot: with the key in
    daemon.json too, it would not start then."""
    reads = any(file.path == GENERATED for file in effective.service.files)
    flags = flags_of(effective.texts.files.get(SOURCE) or "") or ()
    return reads and any(setting.flag == f"--{flag}" for flag, _ in flags)


def is_expanded(effective: Effective, variable: str, paths: Paths) -> bool:
    """Whether the unit reads the sysconfig file and has the variable in its command."""
    command = effective.service.commands[-1].text if effective.service.commands else ""
    reads = any(file.path == paths.sysconfig for file in effective.service.files)
    return bool(variable) and reads and bool(re.search(rf"(?<!\$)\$(?:{variable}\b|\{{{variable}\}})", command))


def find_passed_over(wanted: Wanted) -> Iterator[str]:
    """What is to be searched where that is possible, and on Red Hat's engine is not."""
    for name in wanted.searched:
        problem = registry_names.find_problem(name)
        if problem:
            yield f"{name} is not added for short names: it {problem}, and no pull of a short name would work"


def find_impossible(effective: Effective, wanted: Wanted) -> Iterator[Refusal]:
    """What this engine cannot do, with the ways that it has instead."""
    engine = effective.engine
    for registry in wanted.registries:
        problem = registry_names.find_problem(registry.name)
        if registry.search and registry.search != WHERE_POSSIBLE and engine.is_redhat and problem:
            yield Refusal(
                f"{engine} cannot search {registry.name}, which {problem}; as the first added registry it would end "
                "every pull of a short name",
                "give it a name with a dot or a port, or use full names",
            )
        if registry.search and registry.search != WHERE_POSSIBLE and not engine.is_redhat:
            yield Refusal(
                f"{engine} asks Docker Hub alone for short names; it cannot search {registry.name}",
                f"use full names ({registry.name}/app), let {registry.name} be a mirror of Docker Hub (mirrors), "
                "write search: where-possible, or use podman, whose registries.conf has unqualified-search-registries",
            )
        if registry.block and not engine.is_redhat:
            yield Refusal(
                f"{engine} cannot block {registry.name}",
                "block its address in the host's firewall or give its name a dead address in /etc/hosts, "
                "or use podman, whose registries.conf has blocked",
            )
        if registry.insecure and registry.name in (HUB, HUB_INDEX) and not engine.is_redhat:
            yield Refusal(
                f"{engine} takes no word against Docker Hub; it cannot be an insecure registry ({registry.name})",
                "take it out of the insecure registries; what stands in its place can be a mirror (mirrors)",
            )
    for mirror in wanted.other_mirrors:
        if not has_hosts_files(engine):
            yield Refusal(
                f"{engine} has mirrors for docker.io alone, not for {mirror.registry}"
                + (", unless it uses the containerd image store" if engine.is_at_least(28) else ""),
                f"pull from {mirror.url.partition('://')[2]} by its own name, or use docker 28 or newer with the "
                "containerd image store, podman or containerd, which know mirrors for any registry",
            )
