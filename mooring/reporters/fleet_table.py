"""`invoke status` on the screen, or as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mooring.reporters import wording

if TYPE_CHECKING:
    from mooring.status import Row

COLUMNS = ("host", "engine", "version", "registry", "Docker Hub", "drift", "what to do")
# Off a terminal nobody wraps lines for us, and programs want one host on each.
PLAIN_WIDTH = 400


def write_json(document: Mapping[str, Any], stream: TextIO) -> None:
    """The document, indented."""
    json.dump(document, stream, indent=2)
    stream.write("\n")


def write_rows(rows: Sequence[Row], stream: TextIO) -> None:
    """The table, then the details of every host that is not as it should be."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(file=stream, highlight=False, markup=False, emoji=False, width=PLAIN_WIDTH)
    table = Table(*COLUMNS, box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for row in rows:
        style = "red" if row.is_unreachable else "yellow" if row.has_drifted else "green"
        cells = [row.host, row.engine, row.version, row.registry, row.hub]
        drift = Text(wording.printable(row.drift, console.encoding), style)
        table.add_row(*(Text(wording.printable(cell, console.encoding)) for cell in cells), drift, Text(row.do))
    with console.capture() as drawn:
        console.print(table)
    # A table fills its last column up with blanks.
    stream.write("\n".join(line.rstrip() for line in drawn.get().splitlines()) + "\n")
    for row in rows:
        for note in row.notes if row.drift != "none" else ():
            said = wording.printable(f"{row.host}: {note}", console.encoding)
            console.print(Text(said, "dim"), soft_wrap=True)
