"""Unified diffs: the same as difflib's where that is quick, counts alone where it would take
long."""

from __future__ import annotations

import difflib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.reporters.diffs import unified

LINES = st.lists(st.sampled_from(["a", "b", "", "c\v", "x y"]), max_size=30).map("\n".join)


def by_difflib(before: str, after: str) -> list[str]:
    def lines(text: str) -> list[str]:
        parts = [f"{line}\n" for line in text.split("\n")]
        return [*parts[:-1], parts[-1][:-1]] if parts[-1] != "\n" else parts[:-1]

    shown = []
    for line in difflib.unified_diff(lines(before), lines(after), "before", "after"):
        shown.append(line.rstrip("\r\n"))
        if not line.endswith("\n"):
            shown.append("\\ No newline at end of file")
    return shown


def applied(before: str, diff: list[str]) -> str:
    """What the diff makes of the text: its hunks with their line numbers."""
    old, new, at = before.split("\n"), [], 0
    for line in diff[2:]:
        if line.startswith("@@"):
            start, _, count = line.split(" ")[1][1:].partition(",")
            begin = int(start) - (count != "0")
            new += old[at:begin]
            at = begin
        elif line.startswith("+"):
            new.append(line[1:])
        elif not line.startswith("\\"):
            at += 1
            new += [line[1:]] if line.startswith(" ") else []
    return "\n".join([*new, *old[at:]])


@given(LINES, LINES, LINES, LINES)
@settings(deadline=None, max_examples=200)
def test_it_says_what_changed(head: str, before: str, after: str, tail: str) -> None:
    """Where the texts are alike at their ends, another diff than difflib's may come out,
    but as good a one."""
    texts = [f"{head}\n{middle}\n{tail}\n" for middle in (before, after)]
    diff = list(unified({"before": texts[0], "after": texts[1]}))
    assert applied(texts[0], diff) == texts[1]
    assert len(diff) <= len(by_difflib(*texts)) + 2 * len(head.split("\n")) + 2 * len(tail.split("\n"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\n", "a\nc\n"),
        ("", "x"),
        ("x", ""),
        ("a\nb", "a\nb\n"),
        ("\n".join(map(str, range(99))), "\n".join(map(str, [*range(50), "new", *range(51, 99)]))),
        ("\n".join(map(str, range(99))), "\n".join(["first", *map(str, range(98))])),
    ],
)
def test_ordinary_changes_look_as_difflib_draws_them(before: str, after: str) -> None:
    assert list(unified({"before": before, "after": after})) == by_difflib(before, after)


def test_a_change_in_the_middle_of_a_long_text_is_shown() -> None:
    lines = [str(number % 700) for number in range(100_000)]
    changed = [*lines[:50_000], "new", *lines[50_001:]]
    diff = list(unified({"before": "\n".join(lines), "after": "\n".join(changed)}))
    assert diff[2:] == ["@@ -49998,7 +49998,7 @@", " 297", " 298", " 299", "-300", "+new", " 301", " 302", " 303"]


@pytest.mark.parametrize("kinds", [50, 101, 1000])
def test_what_would_take_long_is_counted(kinds: int) -> None:
    """difflib took minutes for each of these."""
    before = [str(number * 7 % kinds) for number in range(20_000)]
    after = [str(number * 11 % kinds) for number in range(20_000)]
    began = time.process_time()
    diff = list(unified({"before": "\n".join(["x", *before]), "after": "\n".join(["y", *after]), "header": "/etc/x"}))
    assert time.process_time() - began < 30
    assert diff[:2] == ["--- /etc/x", "+++ /etc/x"]
    assert diff[2].startswith("@@ too much to compare: ") or len(diff) > 20_000
    big = list(unified({"before": "a\n" * 3_000_000, "after": "b"}))
    assert big[2] == "@@ too much to compare: 3000000 lines before, 0 lines after @@"
