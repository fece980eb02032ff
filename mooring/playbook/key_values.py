"""`key=value` text as Ansible reads it: in tasks, and in --extra-vars.

Words end at spaces and line breaks outside of quotes and of `{{ }}`, `{% %}`, `{# #}`. A backslash
is itself, unless it begins an escape that Python's strings have too (`\\n`, `\\t`, `\\"`, `\\x41`,
...). A value loses the quotes around it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection
from dataclasses import dataclass, field

# What command and shell take beside their free text; any other `key=value` belongs to the command
# itself. They have no `warn` any more: it is read so that it is refused.
_COMMAND_NAMES = """
    creates removes chdir executable stdin stdin_add_newline strip_empty_ends warn
"""
COMMAND_KEYS = frozenset(_COMMAND_NAMES.split())
_ESCAPE = re.compile(
    r"""\\(?: U[0-9a-fA-F]{8} | u[0-9a-fA-F]{4} | x[0-9a-fA-F]{2} | N\{[^}]+\} | [\\'"abfnrtv] )""", re.VERBOSE
)
# The first `=` that ends a key: never the first character, nor one behind a backslash.
_SEPARATOR = re.compile(r"(?s)(?<=[^\\])=")
_BRACKETS = (("{{", "}}"), ("{%", "%}"), ("{#", "#}"))


@dataclass
class KeyValues:
    """`pairs`, a later one of the same key winning, and the words that are none, in one text as it
    was written."""

    pairs: dict[str, str] = field(default_factory=dict)
    rest: str = ""


def parse(text: str, keys: Collection[str] | None = None) -> KeyValues:
    """The pairs of a text; with `keys` only these, any other word is rest. ValueError where
    a quote stays open."""
    parts, rest = KeyValues(), []
    for word in split(text):
        plain = _ESCAPE.sub(_decode, word)
        separator = _SEPARATOR.search(plain)
        if separator is None:
            rest.append(plain.replace("\\=", "=") if "=" in plain else word)
        elif keys is not None and plain[: separator.start()] not in keys:
            rest.append(word)
        else:
            parts.pairs[plain[: separator.start()].strip()] = _unquote(plain[separator.end() :].strip())
    # A word that ends its line needs no space behind it.
    parts.rest = "".join(word if word.endswith("\n") else f"{word} " for word in rest)
    parts.rest = parts.rest if not rest or rest[-1].endswith("\n") else parts.rest[:-1]
    return parts


def split(text: str) -> list[str]:
    """The words of a text, each with the spaces and line breaks that follow it but for one space.

    ValueError where a quote or `{{` stays open. A backslash that is a word of its own, outside of
    quotes, joins its line with the next.
    """
    words: list[list[str]] = []
    reading = _Reading()
    lines = text.split("\n") if text else []
    for number, line in enumerate(lines):
        goes_on = False
        for index, piece in enumerate(line.split(" ")):
            if not piece and index:
                _extend(words, " ")
            elif piece == "\\" and not reading.quote:
                goes_on = True
            elif reading.is_open:
                _extend(words, (" " if index else "") + piece)
                reading.go_through(piece)
            elif piece:
                words.append([piece])
                reading.go_through(piece)
        if number < len(lines) - 1 and not goes_on:
            _extend(words, "\n")
    if reading.is_open:
        raise ValueError("a quote is not closed" if reading.quote else "a {{, {% or {# is not closed")
    return ["".join(pieces) for pieces in words]


@dataclass
class _Reading:
    """Which quote and how many brackets of each kind are open."""

    quote: str = ""
    depths: list[int] = field(default_factory=lambda: [0, 0, 0])

    @property
    def is_open(self) -> bool:
        return bool(self.quote) or any(self.depths)

    def go_through(self, piece: str) -> None:
        """Note what a piece without spaces opens and closes; a quote behind a
        backslash does neither."""
        for match in re.finditer(r"(?s)(?<!\\)[\"']", piece):
            if not self.quote:
                self.quote = match[0]
            elif self.quote == match[0]:
                self.quote = ""
        for index, (left, right) in enumerate(_BRACKETS):
            self.depths[index] = max(0, self.depths[index] + piece.count(left) - piece.count(right))


def _extend(words: list[list[str]], more: str) -> None:
    """Add to the last word; what stands before the first one makes a word of its own."""
    if not words:
        words.append([])
    words[-1].append(more)


def _decode(match: re.Match[str]) -> str:
    try:
        return codecs.decode(match[0], "unicode-escape")
    except UnicodeDecodeError:
        raise ValueError(f"{match[0]} is not a character") from None


def _unquote(value: str) -> str:
    """The value without the quotes around it; one whose last quote is escaped keeps both."""
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" and value[-2] != "\\"
    return value[1:-1] if is_quoted else value
