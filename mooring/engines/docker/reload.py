"""What a running daemon has after a SIGHUP (`systemctl reload`), which is not what
its files then say.

A key that was taken out of the file keeps its value (moby#36632). A file that the daemon cannot
take is only logged, and everything stays as it was; the next start fails. The flags are those that
the process was started with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mooring.engines.docker import conflicts, insecure, mirrors, runtimes, text_rules, type_rules, value_rules
from mooring.engines.docker.conflicts import Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.engine import Engine
from mooring.engines.docker.registries import Registries, by_files, mirrors_of, with_insecure
from mooring.engines.go_net import split_host_port

LIVE_RESTORE = "live-restore"
# What the daemon asks of the file when it reads it again.
FILE_RULES = (
    conflicts.find_bad_file,
    conflicts.find_unknown_keys,
    conflicts.find_double_settings,
    type_rules.find_wrong_types,
    *text_rules.RULES,
    value_rules.find_refused_values,
    value_rules.find_bad_domains,
    *runtimes.RULES,
    value_rules.find_values_that_newer_engines_refuse,
    value_rules.find_labels_twice,
)


@dataclass(frozen=True)
class Running:
    """What a daemon runs with; `refusals` say what it did not take over of the last reload, in its
    words' sense."""

    registries: Registries
    live_restore: bool
    refusals: tuple[str, ...] = ()


def after_start(effective: Effective) -> Running:
    """What the daemon has that was started with these files."""
    flags = effective.values(LIVE_RESTORE)
    return Running(by_files(effective), bool(flags) and flags[-1].text in type_rules.TRUE)


def after_reload(old: Effective, new: Effective, now: Running | None = None) -> Running:
    """What the daemon has that was started with the old files and reads the new
    daemon.json on SIGHUP.

    `now` is what it has before, where that is not what the old files say, as after
    an earlier reload.
    """
    now = now or after_start(old)
    new = replace(new, command=old.command, engine=old.engine)
    if needs_file(new.engine) and not new.file.is_there:
        return replace(now, refusals=(f"{new.engine} refuses a reload without {new.file.path}",))
    levels = (value_rules.find_bad_levels,) if new.engine.is_at_least(25) else ()
    for rule in (*FILE_RULES, *levels):
        refusals = tuple(str(conflict) for conflict in rule(new) if conflict.severity is Severity.STOPS)
        if refusals:
            return replace(now, refusals=refusals)
        if rule is conflicts.find_double_settings and not old.file.is_there:
            now = _slip_in(now, new)
    return _take_over(now, new)


def needs_file(engine: Engine) -> bool:
    """Whether a SIGHUP without daemon.json is an error (tried on 1.13.1, 7d71120; 20.10.5 and newer
    take none for an empty one)."""
    return not engine.is_at_least(17, 4)


def _slip_in(now: Running, new: Effective) -> Running:
    """Before 25.0 a daemon that was started without a daemon.json runs with the very values that
    its flags are bound to, and a switch in the file is written there at once, whatever becomes of
    the reload (drawn at random, asked of 20.10.5 and 20.10.24; source:
    `getConflictFreeConfiguration`)."""
    value = new.file.values.get(LIVE_RESTORE)
    is_bound = isinstance(value, bool) and not new.engine.is_at_least(25)
    return replace(now, live_restore=value is True) if is_bound else now


def _take_over(now: Running, new: Effective) -> Running:
    """The cluster, insecure registries, then mirrors, then live-restore: older engines stop at the
    first one that they refuse, from 25.0 on all is refused with it (source: `reloadTxn`; tried on
    20.10.24 and 26.1.5)."""
    then = replace(now, refusals=())
    for take in (_take_cluster, _take_insecure, _take_mirrors, _take_live_restore):
        taken = take(then, new)
        if taken.refusals:
            return replace(now if new.engine.is_at_least(25) else then, refusals=taken.refusals)
        then = taken
    return then


def _take_cluster(now: Running, new: Effective) -> Running:
    """An invalid cluster-advertise keeps the daemon from all that would follow (tried on 1.13.1,
    7d71120; source: `parseClusterAdvertiseSettings`), but not 20.10.5 and 20.10.24 (asked)."""
    if "cluster-advertise" not in new.file.values or new.engine.is_at_least(17, 4):
        return now
    text = str(new.file.settings.get("cluster-advertise") or "")
    if not text:
        return now
    store = new.file.settings.get("cluster-store") if "cluster-store" in new.file.values else None
    flags = new.command.of("cluster-store")
    problem = "" if split_host_port(text) else "is not host:port"
    if not (store or (flags and flags[-1].value)):
        problem = "has no cluster-store beside it"
    return replace(now, refusals=(f'cluster-advertise "{text}" {problem}',)) if problem else now


def _take_insecure(now: Running, new: Effective) -> Running:
    """Reloadable since 1.13 (moby PR #22337), Red Hat's included; the list is replaced."""
    if "insecure-registries" not in new.file.values:
        return now
    texts = new.file.texts("insecure-registries")
    engine = new.engine
    if insecure.is_strict(engine):
        bad = [text for text in texts if insecure.find_problem(text, engine)]
    else:
        bad = [text for text in texts if insecure.has_hyphen(text)]
    if bad:
        return replace(now, refusals=tuple(f'insecure registry "{text}" is refused' for text in bad))
    return replace(now, registries=with_insecure(now.registries, new))


def _take_mirrors(now: Running, new: Effective) -> Running:
    """Reloadable since 17.04 (moby PR #29650); before, and with Red Hat's 1.13.1,
    ignored without a word.

    From 23.0 to 23.0.6 and in 24.0.0 that made the daemon forget the insecure hosts, but not the
    networks (moby PRs #45552, #45571, #45572).
    """
    engine = new.engine
    if "registry-mirrors" not in new.file.values or not mirrors.judges_files(engine):
        return now
    bad = [
        mirror for mirror in new.file.texts("registry-mirrors") if mirrors.find_problem(mirror, engine, is_flag=False)
    ]
    if bad:
        return replace(now, refusals=tuple(f'mirror "{mirror}" is refused' for mirror in bad))
    registries = replace(now.registries, mirrors=mirrors_of(new))
    if (engine.is_at_least(23) and not engine.is_at_least(23, 0, 7)) or engine.version[:3] == (24, 0, 0):
        registries = replace(registries, insecure=registries.networks)
    return replace(now, registries=registries)


def _take_live_restore(now: Running, new: Effective) -> Running:
    if LIVE_RESTORE not in new.file.values:
        return now
    return replace(now, live_restore=new.file.settings.get(LIVE_RESTORE) is True)
