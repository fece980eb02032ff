"""A text and the place that it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Origin:
    """A file on the host and the line in it, counted from 1; line 0 is the whole file."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True)
class Placed:
    """A text with its origin: a word of the command line, a variable's value, a setting's value."""

    text: str
    origin: Origin
