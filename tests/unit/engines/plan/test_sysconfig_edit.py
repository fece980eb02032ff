"""Where a new line goes in /etc/sysconfig/docker, and which values are left alone."""

from __future__ import annotations

import pytest

from mooring.engines.plan.sysconfig_edit import edit, find, is_safe, put_back

LINE = "ADD_REGISTRY='--add-registry r:5000'\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", LINE),
        ("A=1", f"A=1\n{LINE}".rstrip("\n")),
        ("# ADD_REGISTRY='--add-registry x'\nA=1\n", f"# ADD_REGISTRY='--add-registry x'\n{LINE}A=1\n"),
        # systemd takes what follows such a comment for a part of it (asked of 252).
        ("# ADD_REGISTRY='x' \\\n# more\n", f"# ADD_REGISTRY='x' \\\n# more\n{LINE}"),
        ("A=1\n# end \\\n", f"{LINE}A=1\n# end \\\n"),
    ],
)
def test_a_new_line_is_where_systemd_reads_it(before: str, after: str) -> None:
    assert edit(before, "ADD_REGISTRY", "--add-registry", (), ("r:5000",)) == after


@pytest.mark.parametrize(
    ("text", "expected"),
    [("A='--x y'\n", True), ("A='--x\\y'\n", False), ('A="--x\\y"\n', False), ("A='--x \\\n--y'\n", False)],
)
def test_a_value_with_a_backslash_is_not_ours_to_touch(text: str, expected: bool) -> None:
    assert is_safe(text, "A") == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\r\n", "A=1\r\nADD_REGISTRY='--add-registry r:5000'\r\n"),
        ("A=1\r\nB=2", "A=1\r\nB=2\r\nADD_REGISTRY='--add-registry r:5000'"),
        ("# ADD_REGISTRY=x\r\nA=1\r\n", "# ADD_REGISTRY=x\r\nADD_REGISTRY='--add-registry r:5000'\r\nA=1\r\n"),
        ("ADD_REGISTRY=''\r\nA=1\r\n", "ADD_REGISTRY='--add-registry r:5000'\r\nA=1\r\n"),
        ("ADD_REGISTRY=--add-registry=a \r\n", "ADD_REGISTRY='--add-registry=a --add-registry r:5000' \r\n"),
    ],
)
def test_a_line_ends_as_the_files_others(before: str, after: str) -> None:
    """systemd takes both ends, so the value is the same."""
    assert is_safe(before, "ADD_REGISTRY")
    made = edit(before, "ADD_REGISTRY", "--add-registry", (), ("r:5000",))
    assert made == after
    was = find(before, "ADD_REGISTRY")
    assert put_back(made, "ADD_REGISTRY", was.line if was else None) == before
