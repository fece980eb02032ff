"""Foreign text as it may stand on a screen: what would command the terminal, hide or break a line
is shown instead.

Whole commands of the kinds that honest programs print (colours, cursor moves, titles, links) are
left out. Every other character that has no shape of its own is written as Python would: controls
(`\\x1b`, `\\r`), marks that turn the direction of writing (`\\u202e`), what is invisible or breaks
lines (`\\u200b`, `\\u2028`), and lone surrogates (`\\udce4`). Blanks of other widths stay. So the
text is of printable characters alone, and its lines are those that we make.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

COMMANDS = re.compile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b\r\n]*(?:\x07|\x1b\\\\)")
# Letters and marks to Unicode, but nothing to see (Default_Ignorable_Code_Point).
INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e0fff]")
# More marks on one letter than any language has would run over the lines above.
MOST_MARKS = 8
INDENT = "    "


def line(text: str, longest: int) -> str:
    """The text as one line of at most so many characters; how many are left out is told at its
    end."""
    shown = clean(text[:longest])
    left = max(0, len(text) - longest) + max(0, len(shown) - 2 * longest)
    return f"{shown[: 2 * longest]} ... {left} characters left out" if left else shown


def lines(text: str) -> list[str]:
    """The text's lines, whatever ends them; they are not cleaned yet."""
    return text.splitlines()


def paragraph(text: str, longest: int, most: int) -> Iterator[str]:
    """The text's lines, those behind the first indented, so that none of them begins where ours do;
    at most so many.

    Where they are indented already, they stay so.
    """
    rows = lines(text) or [""]
    margin = " " * (len(rows[0]) - len(rows[0].lstrip(" "))) + INDENT
    rest = rows[1:most]
    indent = "" if all(row.startswith(margin) or not row for row in rest) else margin
    yield line(rows[0], longest)
    yield from (line(indent + row, longest + len(indent)) if row else "" for row in rest)
    if len(rows) > most:
        yield f"{margin}... {len(rows) - most} lines left out"


def clean(text: str) -> str:
    """The text with everything in it visible, and in one line."""
    text = COMMANDS.sub("", text).expandtabs()
    if text.isascii() and text.isprintable():
        return text
    return "".join(_characters(text))


def escape(char: str) -> str:
    """A character as its number: `\\x1b`, `\\u202e`, `\\U000e0041`; line ends in their usual
    way."""
    code = ord(char)
    if char in "\r\n":
        return "\\r" if char == "\r" else "\\n"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def _characters(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        category = "" if char.isascii() else unicodedata.category(char)
        marks = marks + 1 if category.startswith("M") else 0
        is_shown = category == "Zs" or (char.isprintable() and not INVISIBLE.match(char) and marks <= MOST_MARKS)
        yield char if is_shown else escape(char)
