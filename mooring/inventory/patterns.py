"""Host patterns, as Ansible has them: `clients:!web3`, `web*,&prod`, `~db[0-9]+`, `group[0:2]`;
ranges `web[01:50]`.

Pure functions: what a pattern means is decided here, over anything that can list groups and hosts.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import itertools
import math
import operator
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_LIST_PARTS = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")
_SUBSCRIPT = re.compile(r"(?P<base>.+)\[(?:(?P<index>-?\d{1,9})|(?P<start>\d{1,9})(?P<mark>[:-])(?P<end>\d{0,9}))\]")
_RANGE = re.compile(r"\[([^\]]*)\]")
_NUMBER = re.compile(r"[0-9]{1,18}")
_BRACKETED_PORT = re.compile(r"\[(.+)\]:([0-9]{1,18})")
_PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):([0-9]{1,18})")
_HEXADECIMAL_RANGE = re.compile(r"\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\]", re.IGNORECASE)
_LETTER = r"(?:\w|\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\])"
_LABEL = rf"{_LETTER}(?:{_LETTER}|-)*(?<![_-])"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
# Far more than any fleet that one control machine works on, and still read within seconds.
MAX_HOSTS = 100_000


class PatternError(ValueError):
    """A pattern that means nothing; the caller says where it stands."""


@dataclass(frozen=True)
class Pattern:
    """One part of a pattern: `sign` is "" (these hosts), "&" (only these) or "!" (none of
    these)."""

    sign: str
    text: str
    first: int | None = None
    last: int | None = None

    @property
    def is_literal(self) -> bool:
        return not self.text.startswith("~") and not any(mark in self.text for mark in "*?[")

    def names(self, known: Iterable[str]) -> list[str]:
        """The names that the text fits, in their order."""
        try:
            expression = re.compile(self.text[1:] if self.text.startswith("~") else fnmatch.translate(self.text))
        except re.error as error:
            raise PatternError(f"'{self.text[1:]}' is not a regular expression: {error}") from None
        return [name for name in known if expression.match(name)]

    def pick(self, hosts: Sequence[str]) -> list[str]:
        """The hosts that the subscript `[0]` or `[0:2]` leaves; both ends count."""
        if self.first is None:
            return list(hosts)
        if not -len(hosts) <= self.first < len(hosts):
            raise PatternError(f"'{self.text}' has {len(hosts)} hosts, there is no number {self.first}")
        if self.last is None:
            return [hosts[self.first]]
        return list(hosts[self.first : self.last + 1])


def split(pattern: str) -> list[str]:
    """The parts of a comma list, or of the older list with colons; an IPv6 address is one part."""
    if "," in pattern:
        parts = pattern.split(",")
    else:
        try:
            ipaddress.IPv6Address(pattern.strip())
            parts = [pattern]
        except ValueError:
            parts = _LIST_PARTS.findall(pattern)
    return [part.strip() for part in parts if part.strip()]


def parse(pattern: str) -> list[Pattern]:
    """The parts in the order in which they count: plain ones, then `&`, then `!`; `all` where no
    part is plain."""
    parts = [_parse_one(part) for part in split(pattern)]
    if parts and all(part.sign for part in parts):
        parts.insert(0, Pattern("", "all"))
    return sorted(parts, key=lambda part: ("", "&", "!").index(part.sign))


def _parse_one(part: str) -> Pattern:
    sign = part[0] if part[0] in "&!" else ""
    text = part[len(sign) :].strip()
    if not text:
        raise PatternError(f"'{part}' names no host")
    match = None if text.startswith("~") else _SUBSCRIPT.fullmatch(text)
    if match is None:
        return Pattern(sign, text)
    if match["index"]:
        return Pattern(sign, match["base"], int(match["index"]))
    if match["mark"] == "-":
        raise PatternError(f"'{text}' counts with a dash, write [{match['start']}:{match['end']}]")
    last = int(match["end"]) if match["end"] else 10**9
    if last < int(match["start"]):
        raise PatternError(f"'{text}' ends before it begins")
    return Pattern(sign, match["base"], int(match["start"]), last)


def split_port(name: str) -> tuple[str, int | None]:
    """`web1:2222` as name and port; brackets around an IPv6 address go. Ranges may
    stand in the name.

    As in Ansible, what then is neither an address nor a host's name stays whole.
    """
    address, port = name, None
    for expression in (_BRACKETED_PORT, _PORT):
        if match := expression.fullmatch(address):
            address, port = match[1], int(match[2])
    return (address, port) if _is_address(address) else (name, None)


def _is_address(text: str) -> bool:
    """Whether it is a host's name or an address, with or without ranges."""
    if _HOST_NAME.fullmatch(text):
        return True
    try:
        ipaddress.IPv6Address(_HEXADECIMAL_RANGE.sub("1", text))
    except ValueError:
        return False
    return "%" not in text


def expand(name: str, most: int = MAX_HOSTS) -> Iterator[str]:
    """The host names that `web[01:50]`, `db-[a:f]` or `n[0:9:3]` stands for;
    several ranges multiply.

    PatternError where these would be more than `most`: nothing is counted out before that is known.
    """
    fixed, texts = _RANGE.split(name)[::2], _RANGE.findall(name)
    ranges = [_count(text, name) for text in texts]
    size = math.prod(map(len, ranges))
    if size > most:
        raise PatternError(f"{name} stands for {size:,} hosts, an inventory may have {most:,}")
    for words in itertools.product(*ranges):
        yield fixed[0] + "".join(map(operator.add, words, fixed[1:]))


def _count(text: str, name: str) -> Sequence[str]:
    bounds = text.split(":")
    if len(bounds) not in (2, 3) or not bounds[1]:
        raise PatternError(f"'[{text}]' in {name} is not a range such as [1:9], [01:20] or [a:f]")
    first, last, step = bounds[0] or "0", bounds[1], bounds[2] if len(bounds) == 3 else "1"
    if not _NUMBER.fullmatch(step) or int(step) == 0:
        raise PatternError(f"'[{text}]' in {name}: the step is a number from 1")
    letters = string.ascii_letters
    words: Sequence[str]
    if first in letters and last in letters and len(first) == len(last) == 1:
        words = letters[letters.index(first) : letters.index(last) + 1 : int(step)]
    elif _NUMBER.fullmatch(first) and _NUMBER.fullmatch(last):
        width = len(first) if first.startswith("0") and len(first) > 1 else 0
        if width and width != len(last):
            raise PatternError(f"'[{text}]' in {name}: both ends need the same number of digits")
        words = _Numbers(range(int(first), int(last) + 1, int(step)), width)
    else:
        raise PatternError(f"'[{text}]' in {name} is not a range such as [1:9], [01:20] or [a:f]")
    if not words:
        raise PatternError(f"'[{text}]' in {name} ends before it begins")
    return words


class _Numbers(Sequence[str]):
    """Numbers as text of some width, not made before they are needed."""

    def __init__(self, numbers: range, width: int) -> None:
        self._numbers, self._width = numbers, width

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        return str(self._numbers[index]).zfill(self._width)
