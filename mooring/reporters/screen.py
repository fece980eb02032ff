"""The only way to the screen: everything that Mooring shows people goes through here, and is
foreign text to it.

A host's text may hold commands for the terminal, or lines that look like ours. So each line is made
visible (see visible.py), only the first line of a text stands where its caller puts it, and long
lines and floods are cut and counted. A test keeps every other way shut: print(), sys.stdout, and a
Console of rich's made elsewhere.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console as Terminal
from rich.text import Text

from mooring.reporters import columns, visible
from mooring.reporters.log_file import LogFile
from mooring.reporters.remedies import split_remedy

# What is shown of one text, and of one section: characters a line, lines. More for those who ask
# with -v.
LONGEST, MOST = 2000, 300
LONGEST_VERBOSE, MOST_VERBOSE = 200_000, 5000
SECTION = 1000
# Off a terminal nobody wraps lines for us, and programs want one host on each.
PLAIN_WIDTH = 400
CELL = 200

Piece = str | tuple[str, str]


class Screen:
    """Text on a stream (standard output, unless another is given), in colour
    where it is a terminal."""

    def __init__(
        self, stream: TextIO | None = None, verbose: int = 0, terminal: Terminal | None = None, most: int = 0
    ) -> None:
        self.stream = stream or sys.stdout
        # The environment may ask for colour (FORCE_COLOR), but a file that is kept is not a
        # terminal.
        force = False if isinstance(stream, LogFile) else None
        self.terminal = terminal or Terminal(
            file=self.stream, force_terminal=force, highlight=False, markup=False, emoji=False
        )
        if not self.is_terminal:
            self.terminal.width = PLAIN_WIDTH
        self.longest = LONGEST_VERBOSE if verbose else LONGEST
        self.most = most or (MOST_VERBOSE if verbose else MOST)
        self._left: int | None = None

    @property
    def is_terminal(self) -> bool:
        return self.terminal.is_terminal

    def write(self, text: str = "", style: str = "") -> None:
        """A text of ours and perhaps of a host's; its first line stands as it is, further
        ones are indented."""
        for line in visible.paragraph(text, self.longest, self.most):
            self._draw(self._text(line, style))

    def write_pieces(self, *pieces: Piece, style: str = "") -> None:
        """One line of several pieces, each a text or (text, style)."""
        self._draw(self._line(pieces, style))

    def write_lines(self, lines: Iterable[str]) -> None:
        """Thousands of lines in no colour, each as `write_pieces` draws it; without
        rich, which is slow."""
        wraps, width = self.is_terminal, self.terminal.width
        for text in lines:
            line = self._encodable(visible.line(text, self.longest))
            fits = not wraps or (line.isascii() and len(line) <= width)
            if fits and self._left is None:
                self.stream.write(line + "\n")
            else:
                self._draw(Text(line))

    def cut(self, lines: Iterable[str]) -> Iterator[str]:
        """The first ones of a flood of lines, and how many were left out."""
        left = 0
        for number, line in enumerate(lines):
            if number < self.most:
                yield line
            else:
                left += 1
        if left:
            yield f"{visible.INDENT}... {left} lines left out"

    def write_table(self, header: Sequence[str], rows: Iterable[Sequence[Piece]]) -> None:
        """A table whose cells wrap at words where a terminal is narrow; its first column, the
        hosts, never does.

        Where the words have no room side by side, each row is a paragraph instead.
        """
        drawn = [[self._text(visible.line(title, CELL), "bold") for title in header]]
        for row in rows:
            cells = [(cell, "") if isinstance(cell, str) else cell for cell in row]
            drawn.append([self._text(visible.line(text, CELL), style) for text, style in cells])
        widths = columns.fit([[cell.plain for cell in row] for row in drawn], self.terminal.width, self.is_terminal)
        for line in drawn if widths else ():
            self._draw_row(line, widths)
        for line in () if widths else drawn[1:]:
            self._draw(line[0])
            for title, cell in zip(drawn[0][1:], line[1:], strict=True):
                if cell.plain:
                    self._draw(Text.assemble("  ", title, ": ", cell))

    def write_remedy(self, remedy: str, indent: str = "", style: str = "", label: str = "remedy") -> None:
        """What to do; a command of ours has a line that is never broken."""
        for text, is_command in split_remedy(remedy, label):
            if is_command:
                self.write_command(text, indent + "  ", style)
            else:
                self.write(indent + text, style)

    def write_command(self, command: str, indent: str = "", style: str = "") -> None:
        """A command to copy: where a terminal is too narrow it wraps the line by itself,
        without a line end."""
        self._draw(self._text(indent + visible.line(command, self.longest), style), may_wrap=False)

    @contextmanager
    def section(self, most: int = SECTION) -> Iterator[None]:
        """What is written within is a section (a host's findings): the lines after so many are
        counted only."""
        self._left = most
        try:
            yield
        finally:
            left, self._left = self._left, None
            if left < 0:
                self.write(f"{visible.INDENT}... {-left} lines left out")

    def text(self, text: str, style: str = "") -> Text:
        """One line as rich draws it, for what is not simply written: a table's cell, the
        foot of the screen."""
        return self._text(visible.line(text, self.longest), style)

    def _line(self, pieces: Iterable[Piece], style: str) -> Text:
        parts = [(piece, style) if isinstance(piece, str) else piece for piece in pieces]
        return Text.assemble(*(self.text(text, own) for text, own in parts))

    def _text(self, line: str, style: str) -> Text:
        """A line that is visible already; what the stream's encoding lacks is shown by number."""
        return Text(self._encodable(line), style)

    def _encodable(self, line: str) -> str:
        if line.isascii():
            return line
        encoding = self.terminal.encoding
        return line.encode(encoding, "backslashreplace").decode(encoding)

    def _draw_row(self, cells: Sequence[Text], widths: Sequence[int]) -> None:
        """A row of a table, as many lines high as its highest cell."""
        wrapped = [list(cell.wrap(self.terminal, width)) or [cell] for cell, width in zip(cells, widths, strict=True)]
        for number in range(max(map(len, wrapped))):
            line, end = Text(), 0
            for rows, width in zip(wrapped, widths, strict=True):
                if number < len(rows) and rows[number].plain.strip():
                    rows[number].rstrip()
                    line.append(" " * (end - line.cell_len)).append_text(rows[number])
                end += width + columns.GAP
            self._draw(line, may_wrap=False)

    def _draw(self, line: Text, may_wrap: bool = True) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                return
        for row in self._rows(line) if may_wrap else (line,):
            self.terminal.print(row, soft_wrap=True)

    def _rows(self, line: Text) -> Iterator[Text]:
        """The line in rows that fit: where the terminal wraps, a host's text fills one
        and begins the next."""
        width = self.terminal.width
        if not self.is_terminal or line.cell_len <= width:
            yield line
            return
        margin = " " * min(width // 2, len(line.plain) - len(line.plain.lstrip(" ")) + len(visible.INDENT))
        first, *rest = line.wrap(self.terminal, max(1, width - len(margin)), overflow="fold")
        yield first
        yield from (Text.assemble(margin, row) for row in rest)


class Flood:
    """Counts lines that many hosts may send, and lets so many of each host's through."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    def admits(self, name: str) -> bool:
        """Whether one line more is shown."""
        self._counts[name] += 1
        return self._counts[name] <= self._most

    def end(self, name: str) -> int:
        """How many were left out; the count begins anew."""
        return max(0, self._counts.pop(name, 0) - self._most)

    def names(self) -> list[str]:
        """Those who have sent any."""
        return sorted(self._counts)


def write_json(document: Mapping[str, Any], stream: TextIO | None = None, indent: int | None = 2) -> None:
    """The document as JSON in ASCII, so that no locale can break it and nothing in it
    commands a terminal."""
    stream = stream or sys.stdout
    # DEL is the one control character that JSON leaves as it is.
    stream.write(json.dumps(document, ensure_ascii=True, indent=indent, default=str).replace("\x7f", "\\u007f") + "\n")
    stream.flush()
