"""INI inventories, as Ansible's ini plugin reads them.

One line is one statement; what it means depends on the section that it stands in. Hosts before the
first section are `ungrouped`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mooring.errors import InventoryError, Where
from mooring.inventory import patterns
from mooring.inventory.draft import Draft
from mooring.inventory.group_vars import check_name
from mooring.inventory.ini_values import read_value, split_words
from mooring.inventory.yaml_file import GROUP_NAME
from mooring.source import did_you_mean
from mooring.templating.templar import Templar

SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
_CHILD = re.compile(r"([^:\]\s]+)\s*(?:#.*)?")
_KINDS = ("hosts", "vars", "children")
_SECTIONS = "sections are [group], [group:vars] and [group:children]"


def read_ini(text: str, path: str, draft: Draft, templar: Templar) -> bool:
    """Add what a text says; False where it says nothing. InventoryError with the place of
    the first mistake."""
    reader = _IniReader(path, draft, templar)
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped and stripped[0] not in "#;":
            where = Where(path, number, len(line) - len(line.lstrip()) + 1, line)
            reader.read(stripped, where)
    reader.finish()
    return reader.has_lines


@dataclass
class _Pending:
    """A group that was named before its own section: where, as what, and below which groups."""

    where: Where
    kind: str
    parents: list[tuple[str, Where]] = field(default_factory=list)


class _IniReader:
    """Takes one line after another into a draft."""

    def __init__(self, path: str, draft: Draft, templar: Templar) -> None:
        self._path, self._draft, self._templar = path, draft, templar
        self._group, self._kind = "ungrouped", "hosts"
        self._pending: dict[str, _Pending] = {}
        self.has_lines = False

    def read(self, line: str, where: Where) -> None:
        """A line that is neither empty nor a comment."""
        self.has_lines = True
        section = SECTION.fullmatch(line)
        if section:
            self._open(section[1], section[2] or "hosts", where)
        elif line.startswith("[") and line.endswith("]"):
            raise InventoryError("this is not a section", where, f"{_SECTIONS}; names have no spaces")
        elif self._kind == "hosts":
            self._read_hosts(line, where)
        elif self._kind == "vars":
            self._read_variable(line, where)
        else:
            self._read_child(line, where)

    def finish(self) -> None:
        """Refuse groups that were named and have no section."""
        for name, pending in self._pending.items():
            known = [group for group in self._draft.groups if group not in self._pending]
            remedy = did_you_mean(name, known) or f"write a section [{name}], which may be empty"
            raise InventoryError(f'there is no group "{name}"', pending.where, remedy)

    def _open(self, name: str, kind: str, where: Where) -> None:
        """Begin a section. One for variables alone does not make a group, as in Ansible."""
        if kind not in _KINDS:
            hint = did_you_mean(kind, _KINDS) or _SECTIONS
            raise InventoryError(f'a section of the kind "{kind}" is not known', where, hint)
        self._group, self._kind = _check_group(name, where), kind
        if name not in self._draft.groups:
            if kind == "vars":
                self._pending.setdefault(name, _Pending(where, kind))
            self._draft.add_group(name)
        if kind != "vars" and name in self._pending:
            for parent, place in self._pending.pop(name).parents:
                self._draft.groups[parent].children.setdefault(name, place)

    def _read_hosts(self, line: str, where: Where) -> None:
        try:
            name, *words = split_words(line)
        except ValueError:
            remedy = f"lines of [{self._group}] are split as a shell does it"
            raise InventoryError("a quote has no end", where, remedy) from None
        hosts, port = _split_host(name, where)
        values = dict(self._values(words, where))
        try:
            group = self._draft.groups[self._group]
            for host in patterns.expand(hosts):
                self._draft.add_host(host, port, group, values)
        except patterns.PatternError as error:
            raise InventoryError(str(error), where) from None

    def _values(self, words: list[str], where: Where) -> Iterator[tuple[str, Any]]:
        for word in words:
            name, sign, text = word.partition("=")
            if not sign:
                remedy = "a line is a host and its variables; a value with spaces needs quotes"
                raise InventoryError(f'expected key=value, not "{word}"', where, remedy)
            yield name, self._value(name, text, where)

    def _value(self, name: str, text: str, where: Where) -> Any:
        check_name(name, where)
        try:
            value = read_value(text, where)
        except ValueError as error:
            remedy = f'put the text in quotes that stay: {name}=\'"..."\' in a line of a host, {name}="..." in :vars'
            raise InventoryError(f'the value of "{name}" cannot be read: {error}', where, remedy) from None
        if not isinstance(value, (int, float)):
            self._templar.check_all(value, where)
        return value

    def _read_variable(self, line: str, where: Where) -> None:
        name, sign, text = (part.strip() for part in line.partition("="))
        if not sign:
            raise InventoryError(f'expected key=value in [{self._group}:vars], not "{line}"', where)
        self._draft.groups[self._group].update_vars({name: self._value(name, text, where)}, where)

    def _read_child(self, line: str, where: Where) -> None:
        match = _CHILD.fullmatch(line)
        if not match:
            raise InventoryError("expected the name of a group alone", where, "hosts stand in a section of their own")
        name = _check_group(match[1], where)
        if name == "all":
            raise InventoryError('"all" is in no other group', where, "it holds all of them")
        if name in self._draft.groups:
            self._draft.groups[self._group].children.setdefault(name, where)
        else:
            pending = self._pending.setdefault(name, _Pending(where, "children"))
            pending.parents.append((self._group, where))


def _check_group(name: str, where: Where) -> str:
    if not GROUP_NAME.fullmatch(name):
        raise InventoryError(f'"{name}" cannot be the name of a group', where, "patterns could not name it")
    return name


def _split_host(word: str, where: Where) -> tuple[str, int | None]:
    name, port = patterns.split_port(word)
    if port is None and name.endswith(":"):
        remedy = "a port comes behind a colon; a file of YAML is named .yml, .yaml or .json"
        raise InventoryError(f'"{name}" cannot be the name of a host', where, remedy)
    if name == "---":
        raise InventoryError("--- begins a file of YAML", where, "which is named .yml, .yaml or .json")
    return name, port
