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
    """The settings that become others, without the entries that Mooring is asked for or takes
    away."""
    pending: list[Difference] = []
    if effect is Effect.RESTART:
        pending = differences(draft.before)
    elif effect is Effect.RELOAD:
        pending = list(_reloaded(draft))
    for difference in pending:
        foreign = Difference(
            difference.key,
            _theirs(draft, difference.key, difference.now),
            _theirs(draft, difference.key, difference.later),
        )
        # The API has insecure registries in no order.
        is_same = (
            set(foreign.now) == set(foreign.later) if difference.key in REGISTRY_KEYS else foreign.now == foreign.later
        )
        if not is_same:
            yield foreign


def _reloaded(draft: Draft) -> Iterator[Difference]:
    """What a SIGHUP changes: a key that it does not take over stays, and so does one
    that the file has not."""
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
    for entries in draft.entries:
        if entries.setting.key == key:
            own_entries = {normal(entries.setting, entry) for entry in (*entries.wanted, *entries.gone)}
            return tuple(value for value in values if normal(entries.setting, value) not in own_entries)
    return values
