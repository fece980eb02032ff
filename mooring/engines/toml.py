"""TOML as the engines read it, and the lines where keys and tables stand, which the
library does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from mooring.engines.docker.json_text import check_depth
from mooring.engines.origin import Origin

Path = tuple[str | int, ...]
BARE = re.compile(r"[A-Za-z0-9_-]+")
BASIC = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"')
LITERAL = re.compile(r"'([^']*)'")
BLANK = re.compile(r"\s*")
TRIPLE = ('"""', "'''")
# A text without its end goes to the line's.
ONE_LINE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|\'[^\']*(?:\'|$)|#.*')
# Places are told of keys and tables so deep; nothing that engines know is deeper.
DEEPEST = 16


@dataclass(frozen=True)
class Toml:
    """A file's meaning: plain values, or the `error` that keeps an engine from reading it."""

    path: str
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    lines: Mapping[Path, int] = field(default_factory=dict)

    def origin(self, *keys: str | int) -> Origin:
        """Where the key or table stands; of a table in an array, `keys` holds its number. Line 0
        where unknown."""
        return Origin(self.path, self.lines.get(keys, 0))


def parse(text: str, path: str) -> Toml:
    """What the text says."""
    try:
        values = tomlkit.parse(text).unwrap()
        check_depth(values)
    except (TOMLKitError, ValueError) as error:
        return Toml(path, text, {}, str(error))
    except RecursionError:
        return Toml(path, text, {}, "it is nested too deeply")
    lines: dict[Path, int] = {}
    for keys, line in _places(text):
        lines.setdefault(keys, line)
    return Toml(path, text, values, "", lines)


def get(values: Any, *keys: str) -> Any:
    """The value below the keys, None where there is none."""
    for key in keys:
        if not isinstance(values, Mapping):
            return None
        values = values.get(key)
    return values


def _places(text: str) -> Iterator[tuple[Path, int]]:
    """(path of a key or table, its line). `[a.b]` inside of `[[a]]` belongs to the
    last one of these."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in _statements(text):
        if line.startswith("["):
            is_array = line.startswith("[[")
            named = _keys(line.lstrip("["))[0]
            table = _inside(named[:-1], counts) + named[-1:]
            if is_array:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            elif table in counts:
                table = (*table, counts[table])
            yield from ((table[:depth], number) for depth in range(1, len(table) + 1))
        else:
            keys, rest = _keys(line)
            if keys and rest.startswith("="):
                for depth in range(1, len(keys) + 1):
                    yield table + keys[:depth], number


def _inside(keys: Path, counts: Mapping[Path, int]) -> Path:
    """The path with the numbers of the arrays that it goes through."""
    numbered: Path = ()
    for key in keys:
        numbered = (*numbered, key)
        if numbered in counts:
            numbered = (*numbered, counts[numbered])
    return numbered


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of what begins on a line of its own: not the inside of texts and lists over
    several lines."""
    quote, depth = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if quote:
            quote = "" if quote in line else quote
            continue
        bare = line.strip()
        if bare and not bare.startswith("#") and depth == 0:
            yield number, bare
        if depth == 0 and bare.startswith("["):
            continue
        opened = [mark for mark in TRIPLE if line.count(mark) == 1]
        quote = opened[0] if opened else ""
        plain = ONE_LINE.sub("", line)
        depth = max(0, depth + plain.count("[") + plain.count("{") - plain.count("]") - plain.count("}"))


def _keys(text: str) -> tuple[Path, str]:
    """(the dotted key at the beginning, what follows it); of a very deep one the beginning."""
    keys: list[str] = []
    at = 0
    while len(keys) < DEEPEST:
        at = _skip(text, at)
        basic, literal, bare = BASIC.match(text, at), LITERAL.match(text, at), BARE.match(text, at)
        token = basic or literal or bare
        if token is None:
            break
        keys.append(token.group(0) if token is bare else token.group(1))
        at = _skip(text, token.end())
        if not text.startswith(".", at):
            break
        at += 1
    return tuple(keys), text[at:]


def _skip(text: str, at: int) -> int:
    blank = BLANK.match(text, at)
    return blank.end() if blank else at
