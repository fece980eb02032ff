"""Inventories read by Mooring and by the real ansible-inventory: hosts, groups and each host's
variables must agree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mooring.inventory.inventory import Inventory
from mooring.templating.variables import Precedence

BIN = Path(sys.executable).parent

FLEET = """
all:
  vars: {everywhere: inventory-all, who: inventory-all, order: inventory-all}
  hosts:
    lone: {own: 1}
    "web1.example.com:2222": {first: true}
  children:
    web:
      vars: {who: inventory-web, order: inventory-web}
      hosts:
        "web[1:3].example.com": {v: 1}
        web2.example.com: {v: 2, who: inventory-host}
      children:
        eu:
    db:
      vars: {who: inventory-db, order: inventory-db}
      hosts: {"db-[a:c]": , web1.example.com: {v: 9}}
    prod:
      children: {web: , db: }
      vars: {who: inventory-prod, prod: yes}
eu:
  vars: {who: inventory-eu}
  hosts:
    web9.example.com:
      list: [1, "two", null]
      mode: 0644
      flag: yes
      text: "{{ who }} on {{ everywhere }}"
"""
PRIORITY = """
zoo: {hosts: {one: }, vars: {x: zoo}}
ant: {hosts: {one: }, vars: {x: ant, ansible_group_priority: 10}}
bee: {hosts: {one: , two: }, vars: {x: bee, y: bee}}
deep: {children: {deeper: {hosts: {two: }, vars: {y: deeper}}}, vars: {y: deep}}
"""
RANGES = """
lab:
  hosts:
    "n[01:03]": {zeros: true}
    "x[a:c]-[1:2]": {both: true}
    "s[0:8:4].example.com": {step: true}
    "[1:2]up": {front: true}
    ungroup: {u: 1}
ungrouped:
  hosts: {loner: , ungroup: }
"""
EMPTY_PARTS = """
all:
  children:
    none:
    nothing: {hosts: , vars: , children: }
    one: {hosts: single}
    two: {children: one}
"""
INVENTORIES = {"fleet": FLEET, "priority": PRIORITY, "ranges": RANGES, "empty": EMPTY_PARTS}

FILES = {
    "inventory/group_vars/all.yml": "{who: gv-all, everywhere: gv-all, a: gv-all}",
    "inventory/group_vars/web.yaml": "{who: gv-web, a: gv-web, b: gv-web}",
    "inventory/group_vars/prod/10-first.yml": "{who: gv-prod-1, c: first, d: first}",
    "inventory/group_vars/prod/20-second.yml": "{c: second}",
    "inventory/group_vars/prod/nested/more.yml": "{d: nested}",
    "inventory/group_vars/prod/.hidden.yml": "{c: hidden}",
    "inventory/group_vars/prod/old.yml~": "{c: backup}",
    "inventory/group_vars/prod/notes.txt": "c: notes",
    "inventory/group_vars/ungrouped.json": '{"who": "gv-ungrouped"}',
    "inventory/group_vars/ant.yml": "{x: gv-ant}",
    "inventory/host_vars/web2.example.com.yml": "{who: hv-web2, e: hv-web2}",
    "inventory/host_vars/lone": "{own: hv-lone}",
    "playbooks/group_vars/all.yml": "{a: pb-all, f: pb-all}",
    "playbooks/group_vars/db.yml": "{who: pb-db, a: pb-db}",
    "playbooks/host_vars/web2.example.com.yml": "{e: pb-web2}",
}
PATTERN_LINES = """
all
*
web
web:db
web,db
prod:!web
web:&db
!web
&web
web[0]
web[-1]
web[0:1]
web[1:]
web*
*.example.com
~web[12]
~.*-[ab]
!db:web
web1.example.com,lone
lone:web9*
eu
w?b
db-[ab]
ungrouped
all:!ungrouped:&prod
web,!web2.example.com,&prod
"""
PATTERNS = PATTERN_LINES.split()


def ansible(place: Path, *argv: str) -> str:
    """What a command of ansible-core says, undisturbed by anybody's configuration."""
    (place / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    own = {"ANSIBLE_CONFIG": str(place / "ansible.cfg"), "HOME": str(place), "ANSIBLE_DEPRECATION_WARNINGS": "0"}
    command = [str(BIN / argv[0]), *argv[1:]]
    ran = subprocess.run(command, cwd=place, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def write(place: Path, name: str) -> Path:
    for path, text in {**FILES, f"inventory/{name}.yml": INVENTORIES[name]}.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text, encoding="utf-8")
    return place / "inventory" / f"{name}.yml"


def raw(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", INVENTORIES)
def test_hosts_groups_and_variables(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, name)
    playbooks = tmp_path / "playbooks"
    options = ["-i", str(path), "--playbook-dir", str(playbooks)]
    listed = json.loads(ansible(tmp_path, "ansible-inventory", "--list", *options))
    inventory = Inventory.load(str(path), playbooks)
    hostvars = listed.pop("_meta")["hostvars"]
    for host in inventory.hosts.values():
        merged: dict[str, Any] = {}
        for layer in inventory.layers(host):
            merged.update(layer)
        assert raw(merged) == hostvars.get(host.name, {}), host.name
    for group, content in listed.items():
        if group != "all":
            assert set(content.get("hosts", ())) == set(inventory.groups[group].hosts), group
        assert set(content.get("children", ())) == set(inventory.groups[group].children), group


@pytest.mark.parametrize("name", ["fleet", "ranges"])
def test_magic_variables(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, name)
    inventory = Inventory.load(str(path))
    ask = "{{ [inventory_hostname, group_names, groups, inventory_dir, inventory_file] | to_json }}"
    out = ansible(tmp_path, "ansible", "all", "-i", str(path), "-c", "local", "-m", "debug", "-a", f"msg={ask}", "-o")
    replies = [json.loads(json.loads(line.split("=>", 1)[1])["msg"]) for line in out.splitlines() if "=>" in line]
    for host, group_names, groups, directory, file in replies:
        assert list(inventory.hosts[host].group_names) == group_names
        assert {name: sorted(hosts) for name, hosts in inventory.group_members().items()} == {
            name: sorted(hosts) for name, hosts in groups.items()
        }
        assert (inventory.hosts[host].directory, inventory.hosts[host].source) == (directory, file)
    assert {host for host, *_ in replies} == set(inventory.hosts)


def test_rendered_variables(tmp_path: Path) -> None:
    path = write(tmp_path, "fleet")
    inventory = Inventory.load(str(path))
    ask = "msg={{ [text, mode, flag, list] | to_json }}"
    out = ansible(
        tmp_path, "ansible", "web9.example.com", "-i", str(path), "-c", "local", "-m", "debug", "-a", ask, "-o"
    )
    expected = json.loads(json.loads(out.split("=>", 1)[1])["msg"])
    host = inventory.hosts["web9.example.com"]
    variables = Precedence(inventory=inventory.layers(host)).variables(inventory.templar)
    assert [variables[name] for name in ("text", "mode", "flag", "list")] == expected


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Inventory, Any]:
    """The fleet as we and as ansible-core's own inventory manager read it."""
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader

    path = write(tmp_path_factory.mktemp("fleet"), "fleet")
    return path, Inventory.load(str(path)), InventoryManager(loader=DataLoader(), sources=[str(path)])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pattern(pattern: str, fleet: tuple[Path, Inventory, Any]) -> None:
    _, inventory, oracle = fleet
    expected = list(dict.fromkeys(host.name for host in oracle.get_hosts(pattern)))
    assert [host.name for host in inventory.match(pattern)] == expected


def test_implicit_localhost(fleet: tuple[Path, Inventory, Any]) -> None:
    _, inventory, oracle = fleet
    (expected,) = oracle.get_hosts("localhost")
    (host,) = inventory.match("localhost")
    assert host.vars["ansible_connection"] == expected.vars["ansible_connection"] == "local"
    assert "localhost" not in [host.name for host in inventory.match("all")]


def test_host_list(tmp_path: Path) -> None:
    text = "web1, web2:2222,192.0.2.1,[2001:db8::1]:22"
    listed = json.loads(ansible(tmp_path, "ansible-inventory", "-i", text, "--list"))
    inventory = Inventory.load(text)
    assert list(inventory.hosts) == listed["ungrouped"]["hosts"]
    hostvars = listed["_meta"]["hostvars"]
    assert {name: dict(host.vars) for name, host in inventory.hosts.items() if host.vars} == hostvars
