"""Inventories: what is read, and how mistakes are reported. tests/language compares the outcome
with ansible-core."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mooring.errors import InventoryError, SourceError, UsageError
from mooring.inventory.inventory import Inventory

FLEET = """
all:
  hosts: {hub: }
  children:
    server: {hosts: {server: {ansible_host: 192.0.2.1}}}
    clients:
      hosts: {"client[1:3]": , }
      vars: {port: 5000}
"""


def write(place: Path, text: str, name: str = "inventory.yml") -> str:
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_fleet(tmp_path: Path) -> None:
    inventory = Inventory.load(write(tmp_path, FLEET))
    assert list(inventory.hosts) == ["hub", "server", "client1", "client2", "client3"]
    assert inventory.hosts["client1"].group_names == ("clients",)
    assert inventory.hosts["hub"].group_names == ("ungrouped",)
    assert inventory.group_members()["clients"] == ["client1", "client2", "client3"]
    assert inventory.hosts["hub"].directory == str(tmp_path)
    assert inventory.hosts["hub"].source == str(tmp_path / "inventory.yml")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("all: {host: {a: }}", ":1:7", 'did you mean "hosts"'),
        ("all:\n  web: {hosts: {a: }}", ":2:3", 'groups stand under "children"'),
        ("all:\n  hosts:\n    - a", ":3:5", 'write "name:" instead of "- name"'),
        ("all: {hosts: {a: [1]}}", ":1:18", "must be a mapping of variables"),
        ("all: {hosts: {a: {ansible_hsot: x}}}", ":1:19", 'did you mean "ansible_host"'),
        ("all: {vars: {ansible_shh_user: x}}", ":1:14", 'did you mean "ansible_ssh_user"'),
        ("all: {vars: {my-var: x}}", ":1:14", "not the name of a variable"),
        ("all: {vars: {x: '{{ y'}}", ":1:17", "template syntax"),
        ("all: {vars: {x: '{{ y | defualt(1) }}'}}", ":1:17", 'did you mean "default"'),
        ("all: {hosts: {a: }, hosts: {b: }}", ":1:21", "duplicate key"),
        ("all: {hosts: {1: }}", ":1:15", "numbers need quotes"),
        ("all: {hosts: {'a[3:1]': }}", ":1:15", "ends before it begins"),
        ("all: {children: {a: {children: {b: {children: {a: }}}}}}", ":1:48", "within itself"),
        ("a: {children: {a: }}", ":1:16", "within itself"),
        ("all: {children: {'a:b': }}", ":1:18", "cannot be the name of a group"),
        ("g: {vars: {ansible_group_priority: high}}", ":1:11", "must be a number"),
        ("- a\n- b\n", ":1:1", "a mapping of groups"),
        ("plugin: aws_ec2\n", ":1:1", "plugins are not run"),
        ("#!/usr/bin/python\nimport json\n", ":2:1", "a script must be executable: chmod +x"),
        ("", "", "is empty"),
        ("a: {children: {all: }}", ":1:16", '"all" is in no other group'),
        ("a: {children: {b: }}\nb: {children: {c: }}\nc: {children: {a: }}", ":3:16", "within itself"),
        ("all: {hosts: {'h[1:999999999]': }}", ":1:15", "stands for 999,999,999 hosts, an inventory may have 100,000"),
        ("all: {hosts: {'h[a:z][a:z][a:z][a:z]': }}", ":1:15", "stands for 456,976 hosts"),
        ("all: {hosts: {'h[1:99999]': , 'i[1:9]': }}", ":1:31", "has more than 100,000 hosts"),
        ("all: {hosts: {'h[1:" + "9" * 900 + "]': }}", ":1:15", "is not a range"),
        ("all: {hosts: {'h[a:zz]': }}", ":1:15", "is not a range such as"),
        ("all: {hosts: {'h[²:9]': }}", ":1:15", "is not a range such as"),
        ("all: {hosts: {a: &a {b: *a}}}", ":1:25", "stands inside of what it repeats"),
        ("all: {vars: {x: '" + "{{ " + "(" * 5000 + "}}'}}", ":1:17", "nests too deeply"),
        ("all: {vars: {null: x}}", ":1:14", "not the name of a variable"),
        ("all: {hosts: {null: }}", ":1:15", "cannot be the name of a host"),
        ('all: {hosts: {"\\ud800": }}', ":1:15", "half of a surrogate pair"),
        ("all:\n\thosts:\n", ":2:1", "tab"),
    ],
)
def test_mistakes(text: str, place: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InventoryError) as caught:
        Inventory.load(path)
    assert message in str(caught.value)
    assert str(caught.value.where).startswith(path + place)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="no such file"):
        Inventory.load(str(tmp_path / "nope.yml"))


def test_own_variables_are_no_slips(tmp_path: Path) -> None:
    Inventory.load(write(tmp_path, "all: {vars: {ansible_distribution: x, ansible_my_own: y, ansible_pass_store: z}}"))


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("group_vars/clients.yml", "a: '{{ b'", "clients.yml:1:4: template syntax"),
        ("group_vars/all.yml", "- a", "must be a mapping"),
        ("host_vars/hub.yml", "ansible_usr: x", 'did you mean "ansible_user"'),
        ("host_vars/hub.yml", "a: 1\na: 2\n", "hub.yml:2:1: duplicate key"),
    ],
)
def test_mistakes_in_variable_files(file: str, text: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, text, file)
    with pytest.raises(SourceError) as caught:
        Inventory.load(write(tmp_path, FLEET))
    assert message in str(caught.value)


def test_a_directory_of_variables_that_holds_itself(tmp_path: Path) -> None:
    write(tmp_path, "a: 1", "group_vars/all/one.yml")
    (tmp_path / "group_vars" / "all" / "loop").symlink_to("..")
    with pytest.raises(InventoryError, match=r"holds itself, by a link"):
        Inventory.load(write(tmp_path, FLEET))


def test_files_of_variables_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "host_vars").mkdir()
    os.mkfifo(tmp_path / "host_vars" / "hub.yml")
    with pytest.raises(InventoryError, match=r"hub.yml: is a pipe, not a file"):
        Inventory.load(write(tmp_path, FLEET))


def test_groups_that_share_their_children_level_by_level(tmp_path: Path) -> None:
    """Every level doubles the ways down: whoever goes all of them does not come to an end."""
    levels = [f"{side}{n}: {{children: {{l{n + 1}: , r{n + 1}: }}}}" for n in range(60) for side in "lr"]
    inventory = Inventory.load(write(tmp_path, "\n".join([*levels, "l60: {hosts: {a: }}"])))
    assert inventory.members("r0") == ["a"]
    assert inventory.groups["l60"].depth == 61


def test_a_large_fleet_in_one_group(tmp_path: Path) -> None:
    inventory = Inventory.load(write(tmp_path, "all: {children: {web: {hosts: {'h[1:50000]': {x: 1}}}}}"))
    assert len(inventory.match("web:!h7")) == 49_999


def test_two_files_for_one_group(tmp_path: Path) -> None:
    write(tmp_path, "a: 1", "group_vars/all.yml")
    write(tmp_path, "a: 2", "group_vars/all.yaml")
    with pytest.raises(InventoryError, match="Ansible reads only the first"):
        Inventory.load(write(tmp_path, FLEET))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("server", "server"),
        (["clients", "!client2"], "client1 client3"),
        ("clients[1:]", "client2 client3"),
        ("localhost", "localhost"),
        ("!nothing*", "hub server client1 client2 client3"),
    ],
)
def test_match(pattern: str, names: str, tmp_path: Path) -> None:
    inventory = Inventory.load(write(tmp_path, FLEET))
    assert [host.name for host in inventory.match(pattern)] == names.split()


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("client", 'did you mean "clients"'),
        ("clients:!clint2", 'did you mean "client2"'),
        ("clients[7]", "has 3 hosts"),
        ("web*", 'no host or group is "web*"'),
        ("~(", "not a regular expression"),
    ],
)
def test_no_match(pattern: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Inventory.load(write(tmp_path, FLEET)).match(pattern)
    assert message in str(caught.value)


def test_limit_from_a_file(tmp_path: Path) -> None:
    inventory = Inventory.load(write(tmp_path, FLEET))
    limit = write(tmp_path, "client1\n\n client3 \n", "retry")
    assert [host.name for host in inventory.match_limit(f"@{limit},hub")] == ["client1", "client3", "hub"]
    with pytest.raises(UsageError, match="--limit: /no/such/file: no such file"):
        inventory.match_limit("@/no/such/file")


def test_host_list() -> None:
    inventory = Inventory.load("web1, web2:2222,")
    assert {name: dict(host.vars) for name, host in inventory.hosts.items()} == {
        "web1": {},
        "web2": {"ansible_port": 2222},
    }
    assert {(host.directory, host.source) for host in inventory.hosts.values()} == {(None, None)}
    with pytest.raises(UsageError, match="range"):
        Inventory.load("web[1:3],")
