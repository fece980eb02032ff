"""docs/operating.md tells every rule of the doctor."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parents[3]
DOCTOR = sorted((TOP / "mooring" / "doctor").glob("*.py"))


def parts(node: ast.expr) -> list[ast.expr]:
    """The parts of a tuple, or the one thing itself."""
    return node.elts if isinstance(node, ast.Tuple) else [node]


def find_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The texts that a file gives to names: `A, B = "a", "b"`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            targets, values = map(parts, (node.targets[0], node.value))
            for target, value in zip(targets, values, strict=False):
                if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield target.id, value.value


def find_rules() -> set[str]:
    """The first argument of each Finding, where it is a text or the name of one."""
    rules = set()
    for path in DOCTOR:
        tree = ast.parse(path.read_text())
        names = dict(find_names(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                rule = node.args[0]
                if isinstance(rule, ast.Constant):
                    rules.add(str(rule.value))
                elif isinstance(rule, ast.Name) and rule.id in names:
                    rules.add(names[rule.id])
    return rules


def test_every_rule_is_told() -> None:
    page = (TOP / "docs" / "operating.md").read_text()
    section = page.partition("## The doctor")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.M)
    documented = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row)}
    rules = find_rules()
    assert len(rules) >= 20, rules
    assert rules <= documented, rules - documented
