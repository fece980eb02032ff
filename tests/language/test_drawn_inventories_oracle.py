"""Drawn INI inventories by Mooring and by ansible-core: both read the same, or both refuse."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from ansible.errors import AnsibleError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as draw

from mooring.errors import InventoryError
from mooring.inventory.inventory import Inventory
from tests.language.inventory_oracle import Oracle, assert_alike

FEW = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=3000, derandomize=False)
HOSTS = draw.sampled_from(
    ["a", "b", "web1", "web[1:2]", "web[01:03].example.com", "db-[a:c]:22", "192.0.2.1", "a:22", "b:23", "2001:db8::1"]
)
GROUPS = draw.sampled_from(["web", "db", "eu", "prod", "all", "ungrouped"])
# ansible-core takes the hosts of an `ungrouped` that has a
# child, or is one, out of groups that they are in.
CHILDREN = GROUPS.filter(lambda name: name != "ungrouped")
NAMES = draw.sampled_from(["x", "y", "ansible_port", "ansible_host"])
CONSTANT_WORDS = """
1 -1 0 00 0644 0x1f 1.5 1e3 1_000 1j True true None none yes ~ @ [] [1,2] (1,) {1} {'a':1} {"a":[None]} set() b'x' ...
'' "" 'x' "x" '"x"' "'x'" u'x' f'x' 1.2.3 1+1 1+2j -x not x.y x[0] lambda 1if
"""
CONSTANTS = draw.sampled_from(CONSTANT_WORDS.split())
# No braces: two of them begin a template, which must be whole.
TEXTS = draw.text("ab01 '\"\\=#;,.:[]()-_é\t", max_size=8)
VALUES = CONSTANTS | TEXTS


@draw.composite
def host_line(drawn: draw.DrawFn) -> str:
    pairs = drawn(draw.lists(draw.tuples(NAMES, VALUES), max_size=3))
    comment = drawn(draw.sampled_from(["", "", " # text", "#x"]))
    return " ".join([drawn(HOSTS), *(f"{name}={value}" for name, value in pairs)]) + comment


@draw.composite
def section(drawn: draw.DrawFn) -> list[str]:
    kind = drawn(draw.sampled_from(["", "", ":vars", ":children"]))
    group = drawn(CHILDREN if kind == ":children" else GROUPS)
    head = f"[{group}{kind}]" + drawn(draw.sampled_from(["", " ", " # text"]))
    variable = draw.tuples(NAMES, draw.sampled_from(["=", " = "]), VALUES).map("".join)
    line = {"": host_line(), ":vars": variable, ":children": CHILDREN}[kind]
    return [head, *drawn(draw.lists(line | draw.sampled_from(["", "# text", "; text"]), max_size=4))]


@draw.composite
def inventory(drawn: draw.DrawFn) -> str:
    """Some hosts, then sections, then those that make most of the groups known."""
    lines = drawn(draw.lists(host_line(), max_size=2))
    for part in drawn(draw.lists(section(), max_size=6)):
        lines += part
    if drawn(draw.integers(0, 3)):
        lines += ["[web]", "[db]", "[eu]", "[prod]"]
    return "\n".join(lines) + "\n"


def compare(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hosts.ini")
        path.write_text(f"first\n{text}", encoding="utf-8")
        try:
            oracle = Oracle([str(path)])
        except (AssertionError, AnsibleError, ValueError):
            with pytest.raises(InventoryError):
                Inventory.load(str(path))
            return
        if has_odd_names(oracle):
            with pytest.raises(InventoryError, match="is not the name of a variable"):
                Inventory.load(str(path))
        else:
            assert_alike(Inventory.load(str(path)), oracle)


def has_odd_names(oracle: Oracle) -> bool:
    """Whether ansible-core took a word for a variable that no template could name."""
    owners = (*oracle.inventory.hosts.values(), *oracle.inventory.groups.values())
    return not all(name.isidentifier() for owner in owners for name in owner.vars)


@FEW
@given(inventory())
def test_drawn_inventory(text: str) -> None:
    compare(text)


@pytest.mark.long
@MANY
@given(inventory())
def test_many_drawn_inventories(text: str) -> None:
    compare(text)
