"""JSON of a host's: what Python cannot read, or what no honest host writes, is one ValueError."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

# Lists and mappings within each other; the deepest honest answer (a container's) has nine.
DEEPEST = 64


def decode(text: str, hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> tuple[Any, int]:
    """(the value at the text's beginning, where it ends); `hook` makes a mapping of its pairs."""
    try:
        value, end = json.JSONDecoder(object_pairs_hook=hook, parse_constant=_refuse).raw_decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    check_depth(value)
    return value, end


def loads(text: str) -> Any:
    """The value of the whole text."""
    value, end = decode(text := text.strip(" \t\r\n"))
    if text[end:]:
        raise ValueError("something follows behind it")
    return value


def check_depth(value: Any) -> None:
    """ValueError where the value is nested so deeply that those who walk through it
    would not come back."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [inner for value_above in level for inner in _children(value_above)]
        if not level:
            return
    raise ValueError("it is nested too deeply")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        # With what a later value of the same key hides (daemon_json.py).
        inner = [*value.values(), *(hidden for _, hidden in getattr(value, "earlier", ()))]
    else:
        inner = value if isinstance(value, list) else []
    return [child for child in inner if isinstance(child, (dict, list))]


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
