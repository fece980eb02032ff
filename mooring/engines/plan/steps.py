"""The steps of a plan, and the way back from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mooring.engines.docker.registries import by_files
from mooring.engines.docker.running import LIVE_RESTORE
from mooring.engines.plan import json_edit
from mooring.engines.plan.draft import FIELDS, Draft
from mooring.engines.plan.effect import takes_over
from mooring.engines.plan.restart import Way, is_planned
from mooring.engines.plan.settings import as_shown
from mooring.engines.plan.step import Effect, Expect, FileChange, Step


def steps(draft: Draft, effect: Effect, way: Way, reason: str, is_on: bool) -> Iterator[Step]:
    """All steps in their order; `is_on` tells whether the daemon runs with live-restore."""
    if effect is Effect.NONE:
        if draft.changes:
            yield Step(draft.changes, Effect.NONE, Expect(), reason)
    elif effect is Effect.RELOAD:
        yield from _reload(draft, reason)
    elif way.lends:
        yield from _lend(draft, reason, is_on)
    else:
        same = way.keeps_containers and way.felt.names != ()
        yield Step(draft.changes, Effect.RESTART, draft.expectation(same=same), reason)


def _reload(draft: Draft, reason: str) -> Iterator[Step]:
    text = draft.daemon_json.after
    if draft.emptied == text:
        yield Step(draft.changes, Effect.RELOAD, draft.expectation(), reason)
        return
    emptied = (*draft.others, draft.json(draft.emptied))
    yield Step(emptied, Effect.RELOAD, draft.expectation(), "keys that vanish are emptied first, or they would stay")
    yield Step((draft.json(text),), Effect.NONE, Expect(), "the emptied keys are not needed any more")


def _lend(draft: Draft, reason: str, is_on: bool) -> Iterator[Step]:
    text = draft.daemon_json.after
    if not is_on:
        first = draft.lent(draft.daemon_json.before, True)
        yield Step((first,), Effect.RELOAD, Expect(live_restore=True), "so that containers survive the restart")
    files = (*draft.others, draft.lent(text, True))
    yield Step(files, Effect.RESTART, draft.expectation(True, True), "with live-restore")
    if is_planned(draft.after):
        return
    last = draft.lent(text, False)
    yield Step((last,), Effect.RELOAD, draft.expectation(False, True), "live-restore was on for the restart only")
    if last.after != text:
        yield Step((draft.json(text),), Effect.NONE, Expect(), "the key was not there before")


def undo(draft: Draft, way: Way, is_on: bool) -> dict[str, tuple[Step, ...]]:
    """The way back, by the strongest thing that was begun; the files themselves
    come back in any case."""
    old = draft.daemon_json.before
    emptied = old
    for entries in draft.entries:
        key = entries.setting.key
        is_new = json_edit.count(draft.emptied, key) and not json_edit.count(old, key)
        if is_new and takes_over(entries.setting, draft.before.engine):
            emptied = json_edit.put(emptied, key, [])
    lends = way.lends or (way.keeps_containers and is_on and not is_planned(draft.after))
    if lends:
        emptied = json_edit.put(emptied, LIVE_RESTORE, is_on)
    back = Step((draft.json(emptied),), Effect.RELOAD, _old(draft, is_on if lends else None), "back to the old")
    originals = tuple(
        replace(change, after=change.before) for change in draft.others if not change.secret and _is_read(change, draft)
    )
    if not lends:
        same = way.keeps_containers and way.felt.names != ()
        again = (Step((*originals, draft.json(old)), Effect.RESTART, _old(draft, same=same), "back to the old"),)
        return {"reload": (back,), "restart": again}
    lent = draft.lent(old, True)
    # What the running daemon has decides what becomes of containers when it stops.
    first = Step((lent,), Effect.RELOAD, Expect(live_restore=True), "so that containers survive the way back")
    lit = Step((*originals, lent), Effect.RESTART, _old(draft, True, True), "back to the old")
    return {"reload": (back,), "restart": (first, lit, replace(back, expect=Expect(live_restore=is_on)))}


def _is_read(change: FileChange, draft: Draft) -> bool:
    """Whether the file makes part of the daemon's command line."""
    return any(file.path == change.path for file in draft.before.service.files)


def _old(draft: Draft, live_restore: bool | None = None, same: bool = False) -> Expect:
    """What the daemon must say after the way back: nothing of what was new."""
    known, absent = by_files(draft.before), {}
    for entries in draft.entries:
        if entries.setting.field in FIELDS:
            there = {as_shown(entries.setting, entry) for entry in getattr(known, entries.setting.field)}
            names = (as_shown(entries.setting, entry) for entry in entries.missing)
            absent[entries.setting.field] = tuple(entry for entry in names if entry not in there)
    return Expect({}, absent, live_restore, same)
