"""Inventories of every kind by Mooring and by ansible-core: the same hosts, groups, order,
variables and types."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.errors import InventoryError
from mooring.inventory.inventory import Inventory
from tests.language.inventory_oracle import Oracle, assert_alike

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("inventories.yml").read_text(encoding="utf-8"))
BY_NAME = {case["name"]: case for case in CASES}


def read_examples() -> dict[str, dict[str, str]]:
    """The examples that ansible-core's own plugins are documented with."""
    from ansible.plugins.inventory import ini, script
    from ansible.plugins.inventory import yaml as yaml_plugin

    first, second = ini.EXAMPLES.split("# Example 2")
    shell = re.search(r"^ *#!/usr/bin/env bash.*?^   fi$", script.EXAMPLES, re.DOTALL | re.MULTILINE)
    assert shell is not None
    return {
        "ini first": {"hosts": first},
        "ini second": {"hosts": second},
        "yaml": {"hosts.yml": yaml_plugin.EXAMPLES},
        "script": {"hosts.sh": textwrap.dedent(shell[0])},
    }


def write(place: Path, files: dict[str, str | bytes], is_executable: bool = False) -> None:
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(data)
        path.chmod(0o755 if is_executable or data.startswith(b"#!") else 0o644)


def compare(place: Path, case: dict[str, Any]) -> None:
    write(place, case["files"], case.get("executable", False))
    names = case.get("sources") or [next(iter(case["files"]))]
    sources = [name if "," in name else str(place / name) for name in names]
    playbooks = place / "playbooks" if (place / "playbooks").is_dir() else None
    assert_alike(Inventory.load(sources, playbooks), Oracle(sources, playbooks))


@pytest.mark.parametrize("name", BY_NAME)
def test_inventory(name: str, tmp_path: Path) -> None:
    if "differs" in BY_NAME[name]:
        with pytest.raises((AssertionError, InventoryError)):
            compare(tmp_path, BY_NAME[name])
    else:
        compare(tmp_path, BY_NAME[name])


@pytest.mark.parametrize("name", ["ini first", "ini second", "yaml", "script"])
def test_example_of_ansible(name: str, tmp_path: Path) -> None:
    compare(tmp_path, {"files": read_examples()[name]})


def test_there_are_as_many_cases_as_promised() -> None:
    assert len(BY_NAME) == len(CASES)
    assert len([case for case in CASES if "differs" not in case]) >= 60


def test_a_link_is_read_where_it_stands(tmp_path: Path) -> None:
    write(tmp_path, {"real/hosts": "a\n", "real/group_vars/all.yml": "v: real", "own/group_vars/all.yml": "v: own"})
    (tmp_path / "own" / "hosts").symlink_to("../real/hosts")
    assert_alike(Inventory.load(str(tmp_path / "own/hosts")), Oracle([str(tmp_path / "own/hosts")]))
