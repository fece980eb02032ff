"""How wide a table's columns are: no word is broken, and the first column is never wrapped."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

GAP = 2


def fit(rows: Sequence[Sequence[str]], width: int, wraps: bool) -> list[int]:
    """The columns' widths within WIDTH characters; empty where their words have no
    room side by side.

    Where nothing WRAPS, as off a terminal, each is as wide as its widest cell.
    """
    natural = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if not wraps:
        return natural
    widths = [max(_longest_word(cell) for cell in column) for column in zip(*rows, strict=True)]
    widths[0] = natural[0]
    left = width - sum(widths) - GAP * (len(widths) - 1)
    if left < 0:
        return []
    while left and widths != natural:
        # The narrowest of those that lack room: a little there saves most lines.
        _, at = min((natural[at] - widths[at], at) for at in range(len(widths)) if widths[at] < natural[at])
        more = min(left, natural[at] - widths[at])
        widths[at] += more
        left -= more
    return [
        width if width == whole else max(_wrap(cell, width) for cell in column)
        for column, width, whole in zip(zip(*rows, strict=True), widths, natural, strict=True)
    ]


def _wrap(text: str, width: int) -> int:
    """How wide the widest line is when a cell is wrapped at words within the width."""
    widest = line = 0
    for word in map(cell_len, text.split()):
        line = line + 1 + word if line and line + 1 + word <= width else word
        widest = max(widest, line)
    return widest


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
