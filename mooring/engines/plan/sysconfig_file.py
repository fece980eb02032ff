"""The new /etc/sysconfig/docker of Red Hat's engine: entries merged into the variables
that hold the flags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mooring.engines.plan import sysconfig_edit
from mooring.engines.plan.record import Record
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.settings import Entries


@dataclass(frozen=True)
class Edited:
    """`lines` and `empty` are for the record."""

    text: str | None
    lines: Mapping[str, tuple[str | None, str]]
    empty: Mapping[str, str | None]


def find_unfit(text: str | None, path: str, entries: list[tuple[Entries, tuple[str, ...]]]) -> Iterator[Refusal]:
    """Variables that are to be edited and whose value cannot be kept whole."""
    for group, missing in entries:
        held, variable = text or "", group.setting.variable
        is_edited = bool(missing) or sysconfig_edit.holds(held, variable, group.gone)
        if is_edited and not sysconfig_edit.is_safe(held, variable):
            assignment = sysconfig_edit.find(held, variable)
            yield Refusal(
                f"{path}: {assignment.line.strip() if assignment else variable}: cannot be edited safely",
                "write it as one line in one pair of quotes",
            )


def edit(
    text: str | None, path: str, entries: list[tuple[Entries, tuple[str, ...]]], record: Record, is_absent: bool
) -> Edited:
    """Merge each setting's (entries, those that are missing in this file) into its variable."""
    made, lines, empty = text or "", dict(record.lines), dict(record.empty)
    for group, missing in entries:
        made = _put_back(made, group, lines) if is_absent else made
        made = _merge(made, group, missing, record, lines)
    if made != (text or "") and not (text or "").strip():
        empty.setdefault(path, text)
    if is_absent:
        is_back = made != (text or "") and not made.strip() and path in record.empty
        return Edited(record.empty[path] if is_back else text if made == (text or "") else made, {}, {})
    return Edited(text if made == (text or "") else made, lines, empty)


def _put_back(text: str, entries: Entries, lines: Mapping[str, tuple[str | None, str]]) -> str:
    """A line that is as Mooring left it becomes what it was before."""
    assignment = sysconfig_edit.find(text, entries.setting.variable)
    before, after = lines.get(entries.setting.variable, (None, None))
    is_ours = assignment is not None and assignment.line == after
    return sysconfig_edit.put_back(text, entries.setting.variable, before) if is_ours else text


def _merge(
    text: str, entries: Entries, missing: tuple[str, ...], record: Record, lines: dict[str, tuple[str | None, str]]
) -> str:
    setting = entries.setting
    assignment = sysconfig_edit.find(text, setting.variable)
    line = assignment.line if assignment else None
    there = sysconfig_edit.entries(text, setting.variable, setting.flag)
    gone = tuple(entry for entry in entries.gone if entry in there)
    if not gone and not missing:
        return text
    made = sysconfig_edit.edit(text, setting.variable, setting.flag, gone, missing)
    changed = sysconfig_edit.find(made, setting.variable)
    before, after = lines.pop(setting.variable, (None, None))
    if changed and line == after and line is not None:
        lines[setting.variable] = (before, changed.line)
    elif changed and not set(there) & set(record.of(setting.key)):
        lines[setting.variable] = (line, changed.line)
    return made
