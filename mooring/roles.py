"""Roles: found by name, loaded with their defaults, vars, tasks, handlers and dependencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mooring import source
from mooring.blocks import Context, Role, Step
from mooring.errors import PlaybookError, Where
from mooring.keywords import Keywords, read_keywords, read_vars
from mooring.loading import load_file
from mooring.source import Node, Reader, did_you_mean

FOLDERS = ("defaults", "vars", "tasks", "handlers", "templates", "files", "meta")


@dataclass(frozen=True)
class RoleUse:
    """A role in a play with its steps."""

    role: Role
    tasks: tuple[Step, ...]
    handlers: tuple[Step, ...]


def load_roles(node: Node | None, context: Context, outer: Keywords) -> tuple[RoleUse, ...]:
    """The roles of a play in the order in which they run, dependencies first."""
    if node is None or node.is_null:
        return ()
    if not node.is_list:
        raise PlaybookError("roles must be a list", node.where)
    uses: list[RoleUse] = []
    for child in node.elements():
        _add(child, context, outer, uses, ())
    return tuple(uses)


def _add(node: Node, context: Context, outer: Keywords, uses: list[RoleUse], chain: tuple[str, ...]) -> None:
    name, params, keywords = _entry(node)
    if name in chain:
        raise PlaybookError(f"role {name} depends on itself: {' -> '.join([*chain, name])}", node.where)
    path = find_role(name, context.playbook_dir, node.where)
    inherited = keywords.inherit(outer)
    for dependency in _dependencies(path):
        _add(dependency, context, inherited, uses, (*chain, name))
    role = Role(name, path, _variables(path, "defaults"), _variables(path, "vars"), params)
    if any(use.role == role for use in uses):
        return  # as in Ansible, the same role with the same parameters runs once in a play
    inside = replace(context, role=role)
    tasks = _steps(path, "tasks", inside, inherited)
    handlers = _steps(path, "handlers", inside, inherited)
    uses.append(RoleUse(role, tasks, handlers))


def _entry(node: Node) -> tuple[str, Mapping[str, Any], Keywords]:
    if not node.is_mapping:
        return str(source.value(node)), {}, Keywords()
    reader = Reader(node, "the role")
    name = reader.take_text("role") or reader.take_text("name")
    if not name:
        raise PlaybookError("the role has no name", node.where, "role: NAME")
    params = dict(read_vars(reader, "vars"))
    keywords = read_keywords(reader)
    params.update({key: reader.take(key) for key in reader.remaining()})
    return name, params, keywords


def find_role(name: str, playbook_dir: Path, where: Where) -> Path:
    """The folder of a role: in `roles/` beside the playbook or beside its folder."""
    places = [playbook_dir / "roles", playbook_dir.parent / "roles", playbook_dir]
    for place in places:
        if (place / name).is_dir():
            return place / name
    known = [path.name for place in places[:2] if place.is_dir() for path in place.iterdir() if path.is_dir()]
    looked = f"looked in {', '.join(map(str, places))}"
    raise PlaybookError(f'no role "{name}"', where, did_you_mean(name, known) or looked)


def _main_file(path: Path, folder: str) -> Path | None:
    for suffix in (".yml", ".yaml"):
        file = path / folder / f"main{suffix}"
        if file.exists():
            return file
    return None


def _dependencies(path: Path) -> list[Node]:
    file = _main_file(path, "meta")
    root = source.load(file) if file else None
    if root is None or root.is_null:
        return []
    reader = Reader(root, "the role's meta")
    node = reader.take_node("dependencies")
    return node.elements() if node is not None and node.is_list else []


def _variables(path: Path, folder: str) -> Mapping[str, Any]:
    file = _main_file(path, folder)
    return load_variables(file) if file else {}


def load_variables(file: Path) -> Mapping[str, Any]:
    """The variables in a file that is one mapping."""
    root = source.load(file)
    if root is None or root.is_null:
        return {}
    reader = Reader(root, file.name)
    return {key: reader.take(key) for key in reader.remaining()}


def _steps(path: Path, folder: str, context: Context, outer: Keywords) -> tuple[Step, ...]:
    file = _main_file(path, folder)
    return load_file(file, context, outer, folder) if file else ()
