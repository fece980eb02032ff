"""What a task returned, for people: a line for each value, long ones cut; --json has all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mooring.reporters import visible

# Characters of a value, lines of a text, values of a result.
LONGEST, LINES, MOST = 200, 20, 30
# These are said already: by the outcome's word, the message, or the lines of the text itself.
SAID = ("changed", "failed", "skipped", "msg", "stdout_lines", "stderr_lines", "warnings", "deprecations", "plan")
EMPTY: tuple[Any, ...] = (None, "", [], {}, ())


def show_values(values: Mapping[str, Any]) -> Iterator[str]:
    """`name: value` in the names' order, and how many are left out; facts are only named."""
    shown = {str(name): value for name, value in values.items() if name not in SAID and value not in EMPTY}
    for name in sorted(shown)[:MOST]:
        value = shown[name]
        if name == "ansible_facts" and isinstance(value, Mapping):
            yield _cut(f"{name}: {len(value)} ({', '.join(sorted(map(str, value)))})")
        elif isinstance(value, str):
            yield from _text(name, visible.lines(value))
        else:
            yield _cut(f"{name}: {json.dumps(value, ensure_ascii=False, default=str)}")
    if len(shown) > MOST:
        yield f"... {len(shown) - MOST} values more (--json has them all)"


def _text(name: str, lines: list[str]) -> Iterator[str]:
    """A text of one line beside its name, a longer one below."""
    if len(lines) == 1:
        yield _cut(f"{name}: {lines[0]}")
        return
    yield f"{name}:"
    yield from (f"  {_cut(line)}" for line in lines[:LINES])
    if len(lines) > LINES:
        yield f"  ... {len(lines) - LINES} lines more (--json has them all)"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... {len(text) - LONGEST} characters more"
