"""The files that change, before anybody thinks of when and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace

from mooring.engines.docker.effective import Effective, resolve
from mooring.engines.docker.registries import LOOPBACK, by_files
from mooring.engines.docker.running import LIVE_RESTORE
from mooring.engines.plan import daemon_file, json_edit, sysconfig_file, untried
from mooring.engines.plan import record as records
from mooring.engines.plan.certificates import Folder
from mooring.engines.plan.host import Host
from mooring.engines.plan.record import Record
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.settings import JSON, VARIABLE, Entries, as_shown, normal, place
from mooring.engines.plan.step import Expect, FileChange, written

FIELDS = ("mirrors", "insecure", "added")
Missing = list[tuple[Entries, tuple[str, ...]]]


@dataclass(frozen=True)
class Draft:
    """What steps are made of: all changes, the one of daemon.json among them (also where it does
    not change), and that file's text while a reload still needs keys that are to vanish. `tried` is
    what untried.py says of the old one."""

    changes: tuple[FileChange, ...]
    daemon_json: FileChange
    emptied: str | None
    entries: list[Entries]
    before: Effective
    after: Effective
    _: KW_ONLY
    is_absent: bool = False
    tried: Mapping[str, str] = field(default_factory=dict)

    @property
    def others(self) -> tuple[FileChange, ...]:
        """All changes but daemon.json's."""
        return tuple(change for change in self.changes if change.path != self.daemon_json.path)

    def json(self, text: str | None) -> FileChange:
        """daemon.json with another text."""
        return replace(self.daemon_json, after=text)

    def lent(self, text: str | None, value: bool) -> FileChange:
        """daemon.json with live-restore set."""
        return self.json(json_edit.put(text, LIVE_RESTORE, value))

    def expectation(self, live_restore: bool | None = None, same: bool = False) -> Expect:
        """What the daemon must say in the end."""
        later = by_files(self.after)
        present, absent = {}, {}
        for entries in self.entries:
            field = entries.setting.field
            if field in FIELDS:
                # The daemon shows an entry as the file spells it.
                known = {normal(entries.setting, entry): entry for entry in getattr(later, field)}
                wanted = (known.get(normal(entries.setting, entry), entry) for entry in entries.wanted)
                shown = (as_shown(entries.setting, entry) for entry in wanted)
                present[field] = tuple(entry for entry in shown if entry not in LOOPBACK)
                gone = (entry for entry in entries.gone if normal(entries.setting, entry) not in known)
                absent[field] = tuple(as_shown(entries.setting, entry) for entry in gone)
        return Expect(present, absent, live_restore, same)


@dataclass(frozen=True)
class Split:
    """The entries by the file that they belong in, each with those that are missing there."""

    in_json: Missing
    in_sysconfig: Missing
    refusals: tuple[Refusal, ...]


def split(host: Host, before: Effective, entries: list[Entries]) -> Split:
    """Choose a place for every entry."""
    in_json: Missing = []
    in_sysconfig: Missing = []
    refusals: list[Refusal] = []
    for group in entries:
        chosen = place(group.setting, before, host.paths) if group.missing else JSON
        if isinstance(chosen, Refusal):
            refusals.append(chosen)
            continue
        in_json.append((group, group.missing if chosen == JSON else ()))
        if group.setting.variable and before.engine.is_redhat:
            in_sysconfig.append((group, group.missing if chosen == VARIABLE else ()))
    keys = [group.setting.key for group, missing in in_json if missing or group.gone]
    refusals += daemon_file.find_unfit(before.file, keys)
    path = host.paths.sysconfig
    refusals += sysconfig_file.find_unfit(host.texts.files.get(path), path, in_sysconfig)
    return Split(in_json, in_sysconfig, tuple(refusals))


@dataclass(frozen=True)
class Task:
    """What is to be written, as far as it is known before any text is edited."""

    before: Effective
    record: Record
    entries: list[Entries]
    split: Split
    folder: Folder
    is_absent: bool


def draft(host: Host, task: Task) -> Draft:
    """The new texts of all files."""
    before, files = task.before, host.texts.files
    merged = daemon_file.edit(before.file, task.split.in_json, task.record, task.is_absent)
    path = host.paths.sysconfig
    flags = sysconfig_file.edit(files.get(path), path, task.split.in_sysconfig, task.record, task.is_absent)
    new = Record(
        entries={entries.setting.key: _ours(entries, task.record) for entries in task.entries},
        ca=task.folder.ca,
        files=task.folder.ours,
        keys=merged.keys,
        lines=flags.lines,
        empty={**merged.empty, **flags.empty},
    )
    tried = untried.tried(before, task.record)
    daemon_json = _change(host, before.file.path, merged.text)
    candidates = [
        *(_change(host, file.path, file.text, file.mode, file.secret) for file in task.folder.files),
        *(_change(host, gone_path, None, secret=gone_path.endswith(".key")) for gone_path in task.folder.gone),
        _change(host, path, flags.text),
        daemon_json,
        _change(host, host.paths.record, None if task.is_absent else _record(host, task.record, new, tried)),
    ]
    changes = tuple(change for change in candidates if change.is_change)
    after = resolve(written(host.texts, changes))
    return Draft(
        changes, daemon_json, merged.emptied, task.entries, before, after, is_absent=task.is_absent, tried=tried
    )


def _ours(entries: Entries, record: Record) -> tuple[str, ...]:
    """What was there before Mooring was asked for it stays the operator's."""
    kept = tuple(entry for entry in record.of(entries.setting.key) if entry not in entries.gone)
    return kept + tuple(entry for entry in entries.missing if entry not in kept)


def _record(host: Host, old: Record, new: Record, tried: Mapping[str, str]) -> str | None:
    """The record's text, left as it is where it says the same; none is made that says nothing. What
    was tried is no reason to write it."""
    text = host.texts.files.get(host.paths.record)
    known = old if text is not None else Record()
    if records.draw(replace(new, tried={})) == records.draw(replace(known, tried={})):
        return text
    return records.draw(replace(new, tried=tried))


def _change(host: Host, path: str, text: str | None, mode: str = "0644", secret: bool = False) -> FileChange:
    return FileChange(path, None if secret else host.texts.files.get(path), text, mode, secret, host.digest(path))
