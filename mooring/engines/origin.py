"""A text and the place that it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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


def settings_as_dict(settings: Mapping[str, Sequence[Placed]]) -> dict[str, list[dict[str, Any]]]:
    """Every setting's values with their places as plain data, for --json."""
    return {
        key: [{"value": value.text, "file": value.origin.path, "line": value.origin.line} for value in values]
        for key, values in settings.items()
    }
