"""What somebody changed in the files before, and a reload or a restart takes along unasked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mooring.engines.docker.effective import resolve, running_command
from mooring.engines.docker.registries import as_it_runs
from mooring.engines.docker.reload import Running, after_reload
from mooring.engines.docker.running import LIVE_RESTORE, REGISTRY_KEYS, differences
from mooring.engines.plan.draft import Draft
from mooring.engines.plan.settings import normal
from mooring.engines.plan.step import Effect, written
from mooring.records.explanation import Difference


def find_pending(draft: Draft, effect: Effect) -> Iterator[Difference]:
    """The settings that become others, without the entries that Mooring is asked for or takes away."""
    found: list[Difference] = []
    if effect is Effect.RESTART:
        found = differences(draft.before)
    elif effect is Effect.RELOAD:
        found = list(_reloaded(draft))
    for one in found:
        theirs = Difference(one.key, _theirs(draft, one.key, one.now), _theirs(draft, one.key, one.later))
        # The API has insecure registries in no order.
        is_same = set(theirs.now) == set(theirs.later) if one.key in REGISTRY_KEYS else theirs.now == theirs.later
        if not is_same:
            yield theirs


def _reloaded(draft: Draft) -> Iterator[Difference]:
    """What a SIGHUP changes: a key that it does not take over stays, and so does one that the file has not."""
    before = draft.before
    registries = as_it_runs(before)
    if registries is None:
        return
    now = Running(registries, bool(before.texts.info.get("LiveRestoreEnabled")))
    old = replace(before, command=running_command(before.texts)) if before.texts.argv else before
    new = resolve(written(draft.after.texts, (draft.json(draft.emptied),)))
    later = after_reload(old, new, now)
    for key, field in REGISTRY_KEYS.items():
        yield Difference(key, getattr(registries, field), getattr(later.registries, field))
    yield Difference(LIVE_RESTORE, (str(now.live_restore).lower(),), (str(later.live_restore).lower(),))


def _theirs(draft: Draft, key: str, values: tuple[str, ...]) -> tuple[str, ...]:
    for one in draft.entries:
        if one.setting.key == key:
            ours = {normal(one.setting, entry) for entry in (*one.wanted, *one.gone)}
            return tuple(value for value in values if normal(one.setting, value) not in ours)
    return values
