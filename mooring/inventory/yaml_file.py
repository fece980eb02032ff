"""YAML inventories, as Ansible's yaml plugin reads them, and lists of hosts from the command line.

The result is a Draft: what was written, before the inventory works out who belongs to whom.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mooring import source
from mooring.errors import InventoryError, SourceError, UsageError, Where, on_one_line
from mooring.files.reading import read_text
from mooring.inventory import patterns
from mooring.inventory.group_vars import read_vars
from mooring.source import Node, Reader, did_you_mean
from mooring.templating.templar import Templar

REMEDY = "convert it: ansible-inventory -i {} --list --yaml > inventory.yml"
_KEYS = ("hosts", "children", "vars")


# How often hosts may be named in groups, all in all.
MAX_MEMBERS = 1_000_000


@dataclass
class DraftGroup:
    """A group as far as it was read; `priority` is ansible_group_priority, `children` says where each is named."""

    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, Node | None] = field(default_factory=dict)
    vars: dict[str, Any] = field(default_factory=dict)
    priority: int = 1


@dataclass
class Draft:
    """The groups and hosts' variables as they are written, in the order in which they are first named."""

    groups: dict[str, DraftGroup] = field(default_factory=lambda: {"all": DraftGroup(), "ungrouped": DraftGroup()})
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: int = 0

    def add_host(self, name: str, port: int | None, group: DraftGroup, values: dict[str, Any]) -> None:
        """Put a host into a group; PatternError where these are far too many."""
        own = self.hosts.setdefault(name, {"ansible_port": port} if port else {})
        own.update(values)
        group.hosts[name] = None
        self.members += 1
        if len(self.hosts) > patterns.MAX_HOSTS:
            raise patterns.PatternError(f"with {name} the inventory has more than {patterns.MAX_HOSTS:,} hosts")
        if self.members > MAX_MEMBERS:
            raise patterns.PatternError(f"with {name} the groups name hosts more than {MAX_MEMBERS:,} times")

    def order(self) -> list[str]:
        """The groups, each before its children; InventoryError where one is within itself."""
        done: dict[str, None] = {}
        for top in self.groups:
            path = {top: iter(self.groups[top].children)} if top not in done else {}
            while path:
                name = next(reversed(path))
                child = next((child for child in path[name] if child not in done), None)
                if child is None:
                    path.popitem()
                    done[name] = None
                elif child in path:
                    node = self.groups[name].children[child]
                    message = f'group "{child}" is within itself, by way of "{name}"'
                    raise InventoryError(message, node.where if node else None)
                else:
                    path[child] = iter(self.groups[child].children)
        return list(reversed(done))


def read_list(text: str) -> Draft:
    """Hosts given as `web1,web2:2222,` instead of a file."""
    draft = Draft()
    for word in (part.strip() for part in text.split(",")):
        if word:
            name, port = patterns.split_port(word)
            if "[" in name:
                raise UsageError(f"{word} is a range: these need an inventory file")
            try:
                draft.add_host(name, port, draft.groups["all"], {})
            except patterns.PatternError as error:
                raise UsageError(str(error)) from None
    return draft


def read_file(path: Path, templar: Templar) -> Draft:
    """A YAML inventory; InventoryError with the place of the first mistake."""
    try:
        root = _load(path)
        draft = Draft()
        for key, child in root.items():
            _read_group(_group_name(key), child, draft, templar)
        draft.order()
    except InventoryError:
        raise
    except SourceError as error:
        raise InventoryError(error.message, error.where, error.hint) from None
    return draft


def _load(path: Path) -> Node:
    where, remedy = Where(str(path)), REMEDY.format(on_one_line(str(path)))
    if path.is_dir():
        raise InventoryError("directories of inventories are not read", where, remedy)
    text = read_text(path)
    if text.startswith("#!"):
        raise InventoryError("inventory scripts are not run", where, remedy)
    if re.search(r"^[ \t]*\[[^\]\n]+\][ \t\r]*$", text, re.MULTILINE) or path.suffix in (".ini", ".cfg"):
        raise InventoryError("INI inventories are not read", where, remedy)
    root = source.parse(text, str(path))
    if root is None:
        raise InventoryError("the inventory is empty", where)
    if not root.is_mapping:
        raise InventoryError("an inventory is a mapping of groups", root.where, remedy)
    if any(source.value(key) == "plugin" for key, _ in root.items()):
        raise InventoryError("inventory plugins are not run", root.where, remedy)
    return root


def _group_name(key: Node) -> str:
    name = source.value(key)
    if not isinstance(name, str) or not re.fullmatch(r"[^\s:,!&*?\[\]~]+", name):
        raise InventoryError(f'"{name}" cannot be the name of a group', key.where, "patterns could not name it")
    return str(name)


def _read_group(name: str, node: Node, draft: Draft, templar: Templar) -> None:
    group = draft.groups.setdefault(name, DraftGroup())
    if node.is_null:
        return
    reader = Reader(node, f'group "{name}"', InventoryError)
    for key in reader.remaining():
        place, what = reader.key_where(key), f'the {key} of group "{name}"'
        child = reader.take_node(key)
        if key == "vars":
            _read_group_vars(child, what, group, templar)
        elif key == "children":
            for member, below in _members(child, what):
                _read_child(name, member, below, draft, templar)
        elif key == "hosts":
            for member, below in _members(child, what):
                _read_hosts(member, below, draft, group, templar)
        else:
            hint = did_you_mean(key, _KEYS) or 'a group has hosts, children and vars; groups stand under "children"'
            raise InventoryError(f'unknown key "{key}" in group "{name}"', place, hint)


def _read_group_vars(node: Node | None, what: str, group: DraftGroup, templar: Templar) -> None:
    values = read_vars(node, what, templar)
    priority = values.pop("ansible_group_priority", group.priority)
    try:
        group.priority = int(priority)
    except (TypeError, ValueError):
        message = f"ansible_group_priority must be a number, not {priority!r}"
        raise InventoryError(message, node.where if node else None) from None
    group.vars.update(values)


def _read_child(parent: str, key: Node, node: Node | None, draft: Draft, templar: Templar) -> None:
    name = _group_name(key)
    if name == "all":
        raise InventoryError('"all" is in no other group', key.where, "it holds all of them")
    draft.groups[parent].children.setdefault(name, key)
    draft.groups.setdefault(name, DraftGroup())
    if node is not None:
        _read_group(name, node, draft, templar)


def _members(node: Node | None, what: str) -> Iterator[tuple[Node, Node | None]]:
    """The names and what stands below them; one plain name is allowed, as Ansible allows it."""
    if node is None or node.is_null:
        return
    if node.is_mapping:
        yield from node.items()
    elif node.is_list:
        raise InventoryError(f"{what} must be a mapping", node.where, 'write "name:" instead of "- name"')
    else:
        yield node, None


def _read_hosts(key: Node, child: Node | None, draft: Draft, group: DraftGroup, templar: Templar) -> None:
    pattern = source.value(key)
    if not isinstance(pattern, str) or not pattern.strip() or set(pattern) & set(" ,"):
        raise InventoryError(f'"{pattern}" cannot be the name of a host', key.where, "numbers need quotes")
    values = read_vars(child, f'the variables of host "{pattern}"', templar)
    name, port = patterns.split_port(pattern)
    try:
        for host in patterns.expand(name):
            draft.add_host(str(host), port, group, values)
    except patterns.PatternError as error:
        raise InventoryError(str(error), key.where) from None
