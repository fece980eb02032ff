"""`invoke images` on the screen: a table of what the fleet has, what is other in the lock file, and
one line of sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from mooring.records.images import (
    ADDED,
    ASKED,
    CHANGED,
    REMOVED,
    UNREACHABLE,
    FleetImages,
    HostNote,
    ImageRow,
    SourcelessRow,
)
from mooring.reporters.screen import Screen

COLUMNS = ("image", "digest", "running on", "idle on", "note")
# Of a digest, as engines show it; of a list of hosts; of a kind's changes.
SHORT, HOSTS_NAMED, CHANGES_SHOWN = 12, 3, 200
SIGNS = {ADDED: ("+", "green"), CHANGED: ("~", "yellow"), REMOVED: ("-", "red")}
NO_SOURCE = "no source"


def write_images(fleet: FleetImages, stream: TextIO | None = None, quiet: bool = False) -> None:
    """The whole of it; of a file that was not there yet the table says all that is new.

    `quiet` leaves the table out.
    """
    screen = Screen(stream)
    rows = [*map(_draw_image, fleet.images), *map(_draw_sourceless, fleet.without_source)]
    if rows and not quiet:
        screen.write_table(COLUMNS, rows)
        screen.write()
    with screen.section(CHANGES_SHOWN):
        for change in () if fleet.is_new else fleet.changes:
            sign, style = SIGNS[change.kind]
            details = f": {'; '.join(change.details)}" if change.details else ""
            screen.write(f"{sign} {change.title}{details}", style)
    for note in fleet.hosts:
        with screen.section():
            for text, style in _tell(note):
                screen.write(text, style)
    screen.write(summarize(fleet))


def summarize(fleet: FleetImages) -> str:
    """One line: how many images of how many hosts, and what became of the file."""
    running = sum(bool(row.running) for row in fleet.images)
    answered = sum(note.state == ASKED for note in fleet.hosts)
    without = f", {_count(len(fleet.without_source), 'image')} without a source" if fleet.without_source else ""
    hosts = (
        _count(answered, "host")
        if answered == len(fleet.hosts)
        else f"{answered} of {_count(len(fleet.hosts), 'host')}"
    )
    return f"{_count(len(fleet.images), 'image')} ({running} running) on {hosts}{without}; {_tell_file(fleet)}"


def _tell_file(fleet: FleetImages) -> str:
    if fleet.is_new:
        return f"{fleet.path} {'would be' if fleet.is_check else 'was'} made"
    counts = [f"{number} {kind}" for kind in (ADDED, REMOVED, CHANGED) if (number := fleet.count(kind))]
    if not counts:
        return f"{fleet.path} is up to date"
    return f"{fleet.path}{' would change:' if fleet.is_check else ':'} {', '.join(counts)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _draw_image(row: ImageRow) -> Sequence[str | tuple[str, str]]:
    name = f"{row.name}:{row.tag}" if row.tag else row.name
    note = ("forbidden", "yellow") if row.ban else "kept" if row.keep else ""
    return [name, _shorten(row.digest), _name_hosts(row.running), _name_hosts(row.idle), note]


def _draw_sourceless(row: SourcelessRow) -> Sequence[str | tuple[str, str]]:
    name = row.names[0] if row.names else "-"
    more = f" and {len(row.names) - 1} more" if len(row.names) > 1 else ""
    hosts = [_name_hosts(row.running), _name_hosts(row.idle)]
    return [name + more, _shorten(row.id), *hosts, (NO_SOURCE, "yellow")]


def _shorten(digest: str) -> str:
    return digest.partition(":")[2][:SHORT]


def _name_hosts(hosts: Sequence[str]) -> str:
    more = len(hosts) - HOSTS_NAMED
    return ", ".join(hosts[:HOSTS_NAMED]) + (f" and {more} more" if more > 0 else "") or "-"


def _tell(note: HostNote) -> Iterator[tuple[str, str]]:
    """What the operator should know of a host."""
    stays = "what it had by the lock file stays"
    if note.state == UNREACHABLE:
        yield f"{note.host}: unreachable, {stays}: {note.reason}", "red"
    elif note.state != ASKED:
        yield f"{note.host}: not all could be asked, {stays}: {note.reason}", "red"
    elif not note.engines:
        yield f"{note.host}: has no engine that could be asked", "dim"
    if note.left_out:
        yield f"{note.host}: {note.left_out} of its images' names are none, and left out", "yellow"
