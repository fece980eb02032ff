"""Ansible's order of precedence, level by level: the real ansible-playbook must agree with
`Precedence`.

The variable `upto_N` is set at the levels 0 to N, each time to the level's name: its value must be
level N's name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mooring.inventory.inventory import Inventory
from mooring.templating.templar import Templar
from mooring.templating.variables import Precedence

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": os.path.realpath(sys.executable)}
# Levels of Precedence whose source is the playbook; those of the inventory stand before them.
FIELDS = (
    "role_defaults",
    "inventory",
    "facts",
    "play_vars",
    "vars_files",
    "role_vars",
    "task_vars",
    "include_vars",
    "set_facts",
    "role_params",
    "include_params",
    "extra_vars",
)
INVENTORY_LEVELS = (
    "inv/hosts.yml all",
    "inv/hosts.yml parent",
    "inv/hosts.yml child",
    "inv/group_vars/all.yml",
    "group_vars/all.yml",
    "inv/group_vars/parent.yml",
    "inv/group_vars/child.yml",
    "group_vars/parent.yml",
    "group_vars/child.yml",
    "inv/hosts.yml host",
    "inv/host_vars/box.yml",
    "host_vars/box.yml",
)
FACTS_MODULE = """
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(argument_spec={"facts": {"type": "dict"}})
module.exit_json(ansible_facts=module.params["facts"])
"""


def level(names: tuple[str, ...], name: str) -> dict[str, str]:
    """The variables that a level sets: its own and those of all higher levels."""
    return {f"upto_{number}": name for number in range(names.index(name), len(names))}


def put(path: Path, content: Any) -> None:
    """JSON is YAML too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def play(place: Path, *options: str) -> list[str]:
    """What ansible-playbook finds as the values of upto_0, upto_1, …"""
    put(place / "ansible.cfg", "[defaults]\nlibrary = library\n")
    own = {"ANSIBLE_CONFIG": str(place / "ansible.cfg"), "HOME": str(place)}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "inv/hosts.yml", "site.yml", *options]
    ran = subprocess.run(command, cwd=place, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return list(json.loads((place / "said.json").read_text(encoding="utf-8")))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    put(tmp_path / "library/make_facts.py", FACTS_MODULE)
    return tmp_path


def ask(names: tuple[str, ...]) -> dict[str, Any]:
    """The task that writes down the values."""
    values = ", ".join(f"upto_{number}" for number in range(len(names)))
    return {"copy": {"content": f"{{{{ [{values}] | to_json }}}}", "dest": "{{ playbook_dir }}/said.json"}}


def test_playbook_levels(place: Path) -> None:
    values = {name: level(FIELDS, name) for name in FIELDS}
    put(place / "inv/hosts.yml", {"all": {"hosts": {"box": LOCAL}}})
    put(place / "host_vars/box.yml", values["inventory"])
    put(place / "files.yml", values["vars_files"])
    role = place / "roles/one"
    put(role / "defaults/main.yml", values["role_defaults"])
    put(role / "vars/main.yml", values["role_vars"])
    put(role / "included.yml", values["include_vars"])
    put(
        role / "tasks/main.yml",
        [
            {"make_facts": {"facts": values["facts"]}},
            {"include_vars": "included.yml"},
            {"set_fact": values["set_facts"]},
            {"include_tasks": "inner.yml", "vars": values["include_params"]},
        ],
    )
    put(role / "tasks/inner.yml", [{**ask(FIELDS), "vars": values["task_vars"]}])
    site = {"hosts": "box", "gather_facts": False, "vars": values["play_vars"], "vars_files": ["files.yml"]}
    put(place / "site.yml", [{**site, "roles": [{"role": "one", **values["role_params"]}]}])
    values_seen = play(place, "-e", json.dumps(values["extra_vars"]))
    ours = Precedence(**{name: [values[name]] for name in FIELDS}).variables(Templar())
    assert [ours[f"upto_{number}"] for number in range(len(FIELDS))] == list(FIELDS) == values_seen


def test_inventory_levels(place: Path) -> None:
    values = {name: level(INVENTORY_LEVELS, name) for name in INVENTORY_LEVELS}
    host = {**values["inv/hosts.yml host"], **LOCAL}
    child = {"hosts": {"box": host}, "vars": values["inv/hosts.yml child"]}
    parent = {"children": {"child": child}, "vars": values["inv/hosts.yml parent"]}
    put(place / "inv/hosts.yml", {"all": {"children": {"parent": parent}, "vars": values["inv/hosts.yml all"]}})
    for name in INVENTORY_LEVELS:
        if not name.startswith("inv/hosts.yml"):
            put(place / name, values[name])
    put(place / "site.yml", [{"hosts": "box", "gather_facts": False, "tasks": [ask(INVENTORY_LEVELS)]}])
    values_seen = play(place)
    inventory = Inventory.load(str(place / "inv/hosts.yml"), place)
    ours = Precedence(inventory=inventory.layers(inventory.hosts["box"])).variables(inventory.templar)
    assert [ours[f"upto_{number}"] for number in range(len(INVENTORY_LEVELS))] == list(INVENTORY_LEVELS) == values_seen
