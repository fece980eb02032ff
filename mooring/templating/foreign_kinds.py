"""The kinds of text and numbers that carry the mark of a managed host (`templating/foreign.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from mooring.errors import Where
from mooring.source import Unsafe

# What a host's text may be within a path: a part of one name.
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Foreign(Unsafe):
    """A string that a host sent or chose, or that was computed from one; otherwise
    an ordinary string.

    `mask` has a byte for each character, 1 where it is the host's and 0 where it is the operator's;
    None says that all of it is the host's, or that nobody knows. Where no byte is 1 the host did no
    more than choose the text.
    """

    mask: bytes | None
    __slots__ = ("mask",)

    def __new__(cls, text: str, where: Where | None = None, mask: bytes | None = None) -> Foreign:
        self = str.__new__(cls, text)
        self.where, self.mask = where, mask
        return self

    @property
    def is_chosen(self) -> bool:
        """Whether a host chose the text, of which no character is its own."""
        return self.mask is not None and 1 not in self.mask

    @property
    def is_written(self) -> bool:
        """Whether the text stands in one of the operator's files as it is, and a host
        chose it as a whole."""
        return self.where is not None and self.is_chosen

    @property
    def is_part(self) -> bool:
        """Whether text of the operator's stands around the host's, of which all could be parts of
        files' names."""
        if self.is_chosen:
            return True
        if self.mask is None or 0 not in self.mask:
            return False
        end = 0
        for name in str.split(self, "/"):
            start, end = end, end + len(name) + 1
            if 1 in self.mask[start : end - 1] and name in (".", ".."):
                return False
        return all(_NAME.fullmatch(char) for char, is_hosts in zip(str(self), self.mask, strict=True) if is_hosts)

    def __getitem__(self, key: Any) -> Any:
        text = str.__getitem__(self, key)
        mask = self.mask and self.mask[key]
        if isinstance(mask, int):
            mask = bytes([mask])
        # Of an empty text nobody sees that a host may have emptied it.
        return Foreign(text, None, mask if text or self.is_chosen else None)

    def strip(self, chars: str | None = None) -> Any:
        return self.lstrip(chars).rstrip(chars)

    def lstrip(self, chars: str | None = None) -> Any:
        rest = str.lstrip(self, chars)
        return Foreign(rest) if isinstance(chars, Foreign) else self[len(self) - len(rest) :]

    def rstrip(self, chars: str | None = None) -> Any:
        rest = str.rstrip(self, chars)
        return Foreign(rest) if isinstance(chars, Foreign) else self[: len(rest)]

    def join(self, texts: Iterable[str]) -> Any:
        return join_by(self, texts)

    def __add__(self, other: str) -> Any:
        return join([self, other]) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> Any:
        return join([other, self]) if isinstance(other, str) else NotImplemented

    def __iter__(self) -> Iterator[str]:
        return (self[place] for place in range(len(self)))


class ForeignInt(int):
    """A whole number that a host sent or chose, or that was computed from one; what it makes as
    text is marked."""

    is_chosen = False

    def __str__(self) -> str:
        return write(self)


class ForeignFloat(float):
    """The same for other numbers."""

    is_chosen = False

    def __str__(self) -> str:
        return write(self)


def write(number: ForeignInt | ForeignFloat) -> str:
    """The number as text with its mark."""
    text = number.__repr__()
    return Foreign(text, None, bytes(len(text)) if number.is_chosen else None)


def join(parts: Iterable[str]) -> str:
    """The texts in one; foreign where one of them is."""
    texts = list(parts)
    whole = "".join(texts)
    if not any(isinstance(text, Foreign) for text in texts):
        return whole
    # A host's empty text leaves no trace in the mask, yet it may have emptied a name.
    if any(isinstance(text, Foreign) and not text and not text.is_chosen for text in texts):
        return Foreign(whole)
    return Foreign(whole, None, b"".join(map(_mask, texts)))


def _mask(text: str) -> bytes:
    if not isinstance(text, Foreign):
        return bytes(len(text))
    return b"\1" * len(text) if text.mask is None else text.mask


def join_by(separator: str, texts: Iterable[str]) -> str:
    """The texts in one, the separator between them, each with its own mark."""
    return join([piece for text in texts for piece in (separator, text)][1:])
