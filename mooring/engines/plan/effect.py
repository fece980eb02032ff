"""Whether nothing, a reload or a restart follows, and why: what a SIGHUP really takes over, by
engine and version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.engines.docker.effective import Effective, running_command
from mooring.engines.docker.engine import Engine
from mooring.engines.docker.registries import LOOPBACK, Registries, by_files, is_network
from mooring.engines.docker.reload import needs_file
from mooring.engines.plan.settings import INSECURE, MIRRORS, Entries, Setting, normal
from mooring.engines.plan.step import Effect

# In these versions a reload with mirrors in the file drops the insecure hosts, wherever they are
# set (moby PRs #45552, #45571, #45572).
FIXED: dict[tuple[int, ...], tuple[int, ...]] = {(23, 0): (23, 0, 7), (24, 0): (24, 0, 1)}


@dataclass(frozen=True)
class Need:
    """One entry with which the running daemon is not as it should be."""

    setting: Setting
    entry: str
    is_missing: bool
    effect: Effect
    reason: str

    def __str__(self) -> str:
        return f"{self.setting.noun} {'not' if self.is_missing else 'still'} in effect: {self.entry}"


def needs(now: Registries, before: Effective, after: Effective, entries: list[Entries]) -> list[Need]:
    """What the running daemon lacks, and what of Mooring's it still has though it is to go."""
    return [need for group in entries for need in _needs(group, now, before, after)]


def _needs(entries: Entries, now: Registries, before: Effective, after: Effective) -> Iterator[Need]:
    setting = entries.setting
    running, later = _set(setting, now), _set(setting, by_files(after))
    for entry in entries.wanted:
        if normal(setting, entry) not in running | set(LOOPBACK):
            flags = {flag.value for flag in after.command.of(setting.key)}
            yield Need(setting, entry, True, *_way(setting, entry in flags, after.engine))
    argv = running_command(before.texts) if before.texts.argv else before.command
    for entry in entries.gone:
        if normal(setting, entry) in running - later:
            is_flag = entry in {flag.value for flag in argv.of(setting.key)}
            yield Need(setting, entry, False, *_way(setting, is_flag, after.engine))


def _set(setting: Setting, known: Registries) -> set[str]:
    return {normal(setting, entry) for entry in getattr(known, setting.field)}


def _way(setting: Setting, is_flag: bool, engine: Engine) -> tuple[Effect, str]:
    if is_flag:
        return Effect.RESTART, f"{setting.flag} is part of the command line, which is read at the start alone"
    if takes_over(setting, engine):
        return Effect.RELOAD, f"{engine} takes {setting.key} over at a reload"
    return Effect.RESTART, f"{engine} does not take {setting.key} over at a reload{_since(setting, engine)}"


def takes_over(setting: Setting, engine: Engine) -> bool:
    """Whether a SIGHUP makes the daemon reread the key: insecure registries since 1.13.0 (moby
    PR #22337), mirrors since 17.04.0 (moby PR #29650), but never on Red Hat's (source: its
    `Reload`)."""
    if setting is INSECURE:
        return engine.version >= (1, 13)
    return setting is MIRRORS and engine.is_at_least(17, 4)


def _since(setting: Setting, engine: Engine) -> str:
    if engine.is_redhat and setting is not INSECURE:
        return ""
    return f" (only {'docker 17.04' if setting is MIRRORS else '1.13'} and newer do)"


def find_reload_hindrance(texts: Effective) -> str:
    """Why a reload would not do although the keys are such that it should; `texts` with the files
    as they are then.

    The running daemon compares the file with the flags that it was started with, and refuses all of
    it where one directive stands in both.
    """
    engine, values = texts.engine, texts.file.values
    fixed = FIXED.get(engine.version[:2])
    hosts = [entry for entry in by_files(texts).insecure if not is_network(entry)]
    if fixed and hosts and MIRRORS.key in values and not engine.is_redhat and engine.version < fixed:
        number = ".".join(map(str, fixed))
        return f"with mirrors in the file a reload of {engine} drops the insecure registries (mended in {number})"
    command = running_command(texts.texts)
    for key in values:
        flags = command.of(key)
        if flags and not (key == "runtimes" and engine.is_at_least(20, 10)):
            return f"the running daemon was started with --{flags[0].name}, so it refuses a file with {key}"
    return ""


def decide(needed: list[Need], emptied: Effective) -> tuple[Effect, str]:
    """The strongest need counts; `emptied` is the configuration that a reload would read."""
    if not needed:
        return Effect.NONE, ""
    restarts = [need for need in needed if need.effect is Effect.RESTART]
    if restarts:
        return Effect.RESTART, _joined(restarts)
    hindrance = find_reload_hindrance(emptied)
    if needs_file(emptied.engine) and not emptied.file.is_there:
        hindrance = f"{emptied.engine} refuses a reload without {emptied.file.path}"
    if hindrance:
        return Effect.RESTART, hindrance
    return Effect.RELOAD, _joined(needed)


def _joined(needed: list[Need]) -> str:
    """The reasons, those that differ in the setting alone as one."""
    reasons: dict[str, dict[str, None]] = {}
    for need in needed:
        subject = next(word for word in (need.setting.flag, need.setting.key) if word in need.reason)
        reasons.setdefault(need.reason.replace(subject, "{}"), {})[subject] = None
    return "; ".join(
        reason.replace("{}", " and ".join(subjects)).replace("is part", "are part" if len(subjects) > 1 else "is part")
        for reason, subjects in reasons.items()
    )


def registries_after(effect: Effect, now: Registries | None, later: Registries, emptied: Effective) -> Registries:
    """What will be in effect: a reload changes the keys that it takes over and that the file
    has."""
    if now is None or effect is Effect.RESTART:
        return later
    if effect is Effect.NONE:
        return now

    def value(setting: Setting) -> tuple[str, ...]:
        is_reread = takes_over(setting, emptied.engine) and setting.key in emptied.file.values
        chosen: tuple[str, ...] = getattr(by_files(emptied) if is_reread else now, setting.field)
        return chosen

    return Registries(value(MIRRORS), value(INSECURE), now.added, now.blocked)
