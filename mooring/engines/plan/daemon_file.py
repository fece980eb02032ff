"""The new daemon.json: entries merged into what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mooring.engines.docker.daemon_json import DaemonJson
from mooring.engines.plan import json_edit
from mooring.engines.plan.record import Record
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.settings import Entries


@dataclass(frozen=True)
class Edited:
    """`emptied` is the file while a reload still needs keys that are to vanish; `text` its end,
    None for no file.

    `keys` and `empty` are for the record.
    """

    text: str | None
    emptied: str | None
    keys: Mapping[str, str | None]
    empty: Mapping[str, str | None]


def find_unfit(file: DaemonJson, keys: list[str]) -> Iterator[Refusal]:
    """What keeps the file from being merged into."""
    if file.error and not json_edit.is_empty_text(file.text):
        yield Refusal(f"{file.path} cannot be read, and docker would not start with it: {file.error}", "mend it first")
        return
    if keys and not json_edit.is_object(file.text) and not json_edit.is_empty(file.text):
        yield Refusal(f"{file.path} holds null with something behind it", "write {} in the place of both")
        return
    for key in keys:
        value = file.values.get(key)
        if json_edit.count(file.text if file.is_there else None, key) > 1:
            yield Refusal(f'"{key}" stands in {file.path} more than once', "leave one of them")
        elif key in file.values and not json_edit.count(file.text, key):
            yield Refusal(f'"{key}" stands inside another key in {file.path}', "move it to the top of the file")
        elif value is not None and not isinstance(value, list):
            yield Refusal(f'"{key}" in {file.path} is not a list, and docker would not start with it', "make it one")


def edit(file: DaemonJson, entries: list[tuple[Entries, tuple[str, ...]]], record: Record, is_absent: bool) -> Edited:
    """Merge each setting's (entries, those that are missing in this file) into the file."""
    before = file.text if file.is_there else None
    text, keys, empty = before, dict(record.keys), dict(record.empty)
    for group, missing in entries:
        text = _merge(text, group, missing, keys)
    if text != before and (json_edit.is_empty(before) or json_edit.has_no_key(before)):
        empty.setdefault(file.path, before)
    if not is_absent or text is None:
        return Edited(text, text, keys, empty)
    final = text
    for group, _ in entries:
        final = _without_made(final, before, group, record)
    was = record.empty.get(file.path)
    is_bare = json_edit.has_no_key(final) and json_edit.tail(final) == json_edit.tail(was)
    is_back = final != before and is_bare and file.path in record.empty
    return Edited(was if is_back else final, text, {}, {})


def _merge(text: str | None, entries: Entries, missing: tuple[str, ...], keys: dict[str, str | None]) -> str | None:
    key = entries.setting.key
    if text is not None and json_edit.count(text, key) and json_edit.elements(text, key):
        text = json_edit.remove(text, key, entries.gone)
        if missing and json_edit.elements(text, key):
            return json_edit.append(text, key, missing)
        return json_edit.put(text, key, missing) if missing else text
    if not missing:
        return text
    if text is None or not json_edit.count(text, key):
        keys[key] = None
    else:
        # What is remembered stays: an empty list may be one that Mooring has emptied.
        keys.setdefault(key, json_edit.value_text(text, key))
    return json_edit.put(text, key, missing)


def _without_made(text: str, before: str | None, entries: Entries, record: Record) -> str:
    """A list that is empty now and held only what Mooring put in goes back to what it was, or
    away."""
    key = entries.setting.key
    if before is None or not json_edit.count(text, key) or json_edit.elements(text, key):
        return text
    had_entries = bool(json_edit.elements(before, key))
    return json_edit.restore(text, key, record.keys.get(key)) if had_entries or key in record.keys else text
