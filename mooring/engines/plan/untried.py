"""Settings that no daemon of this host has started with yet: a restart with them could end with no
daemon at all.

Newer engines judge their file themselves before anything is touched (`dockerd --validate`); the
older ones only start, or do not, and the old daemon is gone by then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha1
from typing import Any

from mooring.engines.docker import daemon_json, evidence
from mooring.engines.docker.effective import Effective, running_command
from mooring.engines.docker.harmless import is_harmless, of_flag
from mooring.engines.origin import Origin
from mooring.engines.plan.host import Host
from mooring.engines.plan.record import Record
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.step import Effect

VALIDATES = (23,)
Untried = tuple[str, Origin]


def tried(before: Effective, record: Record) -> dict[str, str]:
    """The keys of daemon.json with which a daemon of this host has started, with the sha1 of each
    value: the file's own time tells so only until the file is written again. Those that are
    harmless anyhow are left out."""
    started = _started(before)
    return {
        key: _digest(value)
        for key, value in before.file.values.items()
        if not is_harmless(key, value, before)
        and (_is_same(key, value, started) or record.tried.get(key) == _digest(value))
    }


def find_untried(
    host: Host, after: Effective, known: Mapping[str, str], effect: Effect, accepted: tuple[str, ...]
) -> Iterator[Refusal]:
    """What a restart would try for the first time; `known` is what `tried` says of the
    files as they were."""
    engine = after.engine
    if effect is not Effect.RESTART or not host.is_running or engine.is_at_least(*VALIDATES):
        return
    unknown = [option for option in (*_keys(after, known), *_flags(after)) if option[0] not in accepted]
    if unknown:
        names = list(dict.fromkeys(name for name, _ in unknown))
        listed = ", ".join(f"{name} ({place})" for name, place in dict.fromkeys(unknown))
        yield Refusal(
            f"{listed}: changed since {host.service} was started, and whether {engine} starts with it nobody knows; "
            "where it does not, the restart would end without a daemon",
            f"restart {host.service} by hand first, take it out, or accept it with registry_client_accept_untried: "
            f"[{', '.join(names)}]",
        )


def _keys(after: Effective, known: Mapping[str, str]) -> Iterator[Untried]:
    started = _started(after)
    for key, value in after.file.values.items():
        is_known = _is_same(key, value, started) or known.get(key) == _digest(value)
        if not is_known and not is_harmless(key, value, after):
            yield key, after.file.origin(key)


def _flags(after: Effective) -> Iterator[Untried]:
    """Flags that the running process has not; where its command line is not known, nothing is
    said."""
    running = {(flag.key, flag.value) for flag in running_command(after.texts).flags}
    for flag in after.command.flags if after.texts.argv else ():
        is_known = (flag.key, flag.value) in running
        if not is_known and not is_harmless(flag.key, of_flag(flag.key, flag.value), after):
            yield flag.key, flag.origin


def _started(effective: Effective) -> Mapping[str, Any]:
    """The keys of the daemon.json with which the running daemon was started; none where
    that is not known."""
    texts = effective.texts
    text = evidence.started_with(texts)
    return {} if text is None else daemon_json.parse(text, evidence.path_of(texts), effective.engine).values


def _is_same(key: str, value: Any, started: Mapping[str, Any]) -> bool:
    return key in started and _digest(started[key]) == _digest(value)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return sha1(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
