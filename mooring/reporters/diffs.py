"""A text's change as a unified diff, within bounds: what would take long to
compare is only counted.

difflib compares each line with all its likes, anew for every block that it finds: a few thousand
lines that are much alike keep it busy for minutes, and Ctrl-C waits for it. So the work is
estimated first.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

# Characters of both texts, and comparisons of lines (about a second of them).
LARGEST, HARDEST = 4_000_000, 10_000_000
# Lines around a change, as diff shows them.
CONTEXT = 3


def unified(part: Mapping[str, Any]) -> Iterator[str]:
    """One text's unified diff; a text without a final newline is marked as diff does it."""
    before, after = str(part.get("before") or ""), str(part.get("after") or "")
    header = part.get("header") or ""
    names = [str(part.get(f"{which}_header") or header or which) for which in ("before", "after")]
    if len(before) + len(after) > LARGEST:
        yield from _count(names, before.count("\n"), after.count("\n"))
        return
    old, new = _lines(before), _lines(after)
    start, end = _ends(old, new)
    if _work(old[start : len(old) - end], new[start : len(new) - end]) > HARDEST:
        yield from _count(names, len(old) - start - end, len(new) - start - end)
        return
    # The same lines at both ends are not compared again, but for those that are shown.
    first, last = max(0, start - CONTEXT), max(0, end - CONTEXT)
    for number, line in enumerate(_compare(old, new, (first, last), names)):
        yield line.rstrip("\r\n")
        if number > 1 and not line.endswith("\n"):
            yield "\\ No newline at end of file"


def _compare(old: Sequence[str], new: Sequence[str], same: tuple[int, int], names: Sequence[str]) -> Iterator[str]:
    """The diff's lines; `same` are how many at the beginning and at the end need no look."""
    first, last = same
    before, after = (text[first : len(text) - last] for text in (old, new))
    for number, line in enumerate(difflib.unified_diff(before, after, n=CONTEXT, lineterm="\n")):
        if number < 2:
            yield f"{('---', '+++')[number]} {names[number]}\n"
        elif line.startswith("@@"):
            yield _moved(line, first)
        else:
            yield line


def _moved(head: str, by: int) -> str:
    """A hunk's head with its line numbers so much higher."""
    words = head.split(" ")
    for at in (1, 2):
        start, comma, count = words[at][1:].partition(",")
        words[at] = f"{words[at][0]}{int(start) + by}{comma}{count}"
    return " ".join(words)


def _lines(text: str) -> list[str]:
    """The lines with their ends; only a newline ends one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines are the same at the beginning, and how many at the end of what is left."""
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    rest = min(len(old), len(new)) - start
    pairs = zip(reversed(old), reversed(new), strict=False)
    return start, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], (next(pairs) for _ in range(rest))))


def _work(old: Sequence[str], new: Sequence[str]) -> int:
    """At most so many comparisons: pairs of like lines, for every block that may be found."""
    there = Counter(new)
    # difflib passes over lines that make up more than a hundredth of a long text.
    popular = len(new) // 100 + 1 if len(new) >= 200 else len(new)
    pairs = sum(there[line] for line in old if there[line] <= popular)
    return (pairs + len(old)) * max(1, min(len(old), len(new), pairs))


def _count(names: Sequence[str], old: int, new: int) -> Iterator[str]:
    yield f"--- {names[0]}"
    yield f"+++ {names[1]}"
    yield f"@@ too much to compare: {old} lines before, {new} lines after @@"
