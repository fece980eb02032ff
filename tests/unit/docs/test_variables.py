"""docs/variables.md names every variable of the roles with its default, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| `(\w+)` \| `(.+?)` \| (.+) \| ([\w, ]+) \|$", re.M)


def documented() -> dict[tuple[str, str], Any]:
    """{(role, variable): default} as the first table tells them."""
    table = (ROOT / "docs/variables.md").read_text().split("\n## ")[0]
    rows = ROW.findall(table)
    assert len(rows) == len({name for name, *_ in rows}), "a variable has two rows"
    return {
        (role, name): _plain(default.replace("\\|", "|"))
        for name, default, _, roles in rows
        for role in roles.split(", ")
    }


def _plain(text: str) -> Any:
    """The value behind a cell; templates stand there as they are."""
    return text if "{" in text and not text.startswith(("[", "{}")) else yaml.safe_load(text)


def defined() -> dict[tuple[str, str], Any]:
    """{(role, variable): default} as the roles' defaults say."""
    return {
        (path.parents[1].name, name): value
        for path in ROOT.glob("roles/*/defaults/main.yml")
        for name, value in yaml.safe_load(path.read_text()).items()
    }


def test_every_variable_is_documented_with_its_default() -> None:
    assert documented() == defined()


def test_shared_variables_have_one_default() -> None:
    seen: dict[str, Any] = {}
    for (role, name), value in defined().items():
        assert seen.setdefault(name, value) == value, f"{role} has another default for {name}"


def test_every_row_is_read() -> None:
    table = (ROOT / "docs/variables.md").read_text().split("\n## ")[0]
    assert len(ROW.findall(table)) == sum(line.startswith("| `") for line in table.splitlines())
