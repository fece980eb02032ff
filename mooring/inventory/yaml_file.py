"""YAML inventories, as Ansible's yaml plugin reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mooring import source
from mooring.errors import InventoryError, on_one_line
from mooring.inventory import patterns
from mooring.inventory.draft import Draft, DraftGroup, find_problem
from mooring.inventory.group_vars import read_vars
from mooring.source import Node, Reader, did_you_mean
from mooring.templating.templar import Templar

REMEDY = "convert it: ansible-inventory -i {} --list --yaml > inventory.yml"
# Others could not be named in a pattern.
GROUP_NAME = re.compile(r"[^\s:,!&*?\[\]~]+")
_KEYS = ("hosts", "children", "vars")


def read_groups(root: Node, draft: Draft, templar: Templar) -> None:
    """Add what a mapping of groups says; InventoryError with the place of the first mistake."""
    if any(source.value(key) == "plugin" for key, _ in root.items()):
        raise InventoryError("inventory plugins are not run", root.where, REMEDY.format(on_one_line(root.path)))
    for key, child in root.items():
        _read_group(_group_name(key), child, draft, templar)


def names_groups(root: Node) -> bool:
    """Whether every key of a mapping could be the name of a group."""
    return all(GROUP_NAME.fullmatch(str(key.tree.value)) for key, _ in root.items())


def _group_name(key: Node) -> str:
    name = source.value(key)
    if not isinstance(name, str) or not GROUP_NAME.fullmatch(name):
        raise InventoryError(f'"{name}" cannot be the name of a group', key.where, "patterns could not name it")
    return str(name)


def _read_group(name: str, node: Node, draft: Draft, templar: Templar) -> None:
    group = draft.add_group(name)
    if node.is_null:
        return
    reader = Reader(node, f'group "{name}"', InventoryError)
    for key in reader.remaining():
        place, subject = reader.key_where(key), f'the {key} of group "{name}"'
        child = reader.take_node(key)
        if key == "vars":
            _read_group_vars(child, subject, group, templar)
        elif key == "children":
            for member, below in _members(child, subject):
                _read_child(name, member, below, draft, templar)
        elif key == "hosts":
            for member, below in _members(child, subject):
                _read_hosts(member, below, draft, group, templar)
        else:
            hint = did_you_mean(key, _KEYS) or 'a group has hosts, children and vars; groups stand under "children"'
            raise InventoryError(f'unknown key "{key}" in group "{name}"', place, hint)


def _read_group_vars(node: Node | None, subject: str, group: DraftGroup, templar: Templar) -> None:
    group.update_vars(read_vars(node, subject, templar), node.where if node else None)


def _read_child(parent: str, key: Node, node: Node | None, draft: Draft, templar: Templar) -> None:
    name = _group_name(key)
    if name == "all":
        raise InventoryError('"all" is in no other group', key.where, "it holds all of them")
    draft.groups[parent].children.setdefault(name, key)
    draft.add_group(name)
    if node is not None:
        _read_group(name, node, draft, templar)


def _members(node: Node | None, subject: str) -> Iterator[tuple[Node, Node | None]]:
    """The names and what stands below them; one plain name is allowed, as Ansible allows it."""
    if node is None or node.is_null:
        return
    if node.is_mapping:
        yield from node.items()
    elif node.is_list:
        raise InventoryError(f"{subject} must be a mapping", node.where, 'write "name:" instead of "- name"')
    else:
        yield node, None


def _read_hosts(key: Node, child: Node | None, draft: Draft, group: DraftGroup, templar: Templar) -> None:
    pattern = source.value(key)
    if not isinstance(pattern, str) or find_problem(pattern):
        raise InventoryError(f'"{pattern}" cannot be the name of a host', key.where, "numbers need quotes")
    values = read_vars(child, f'the variables of host "{pattern}"', templar)
    name, port = patterns.split_port(pattern)
    try:
        for host in patterns.expand(name):
            draft.add_host(str(host), port, group, values)
    except patterns.PatternError as error:
        raise InventoryError(str(error), key.where) from None
