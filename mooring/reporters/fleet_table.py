"""`invoke status` on the screen, or as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from mooring.reporters.screen import Screen

if TYPE_CHECKING:
    from mooring.status import Row

COLUMNS = ("host", "engine", "version", "registry", "Docker Hub", "drift", "what to do")


def write_rows(rows: Sequence[Row], stream: TextIO | None = None) -> None:
    """The table, then the details of every host that is not as it should be."""
    screen = Screen(stream)
    screen.write_table(COLUMNS, [_cells(row) for row in rows])
    for row in rows:
        with screen.section():
            for note in row.notes if row.drift != "none" else ():
                screen.write(f"{row.host}: {note}", "dim")


def _cells(row: Row) -> list[str | tuple[str, str]]:
    style = "red" if row.is_unreachable else "yellow" if row.has_drifted else "green"
    return [row.host, row.engine, row.version, row.registry, row.hub, (row.drift, style), row.do]
