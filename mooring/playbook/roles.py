"""Roles: found by name, loaded with their defaults, vars, tasks, handlers and dependencies."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mooring import source
from mooring.errors import PlaybookError, Where
from mooring.mistakes import Mistakes
from mooring.playbook.keywords import Keywords, check_name, read_keywords, read_vars, take_variables
from mooring.playbook.loading import load_file
from mooring.playbook.tasks import Context, Role, Step
from mooring.source import Node, Reader, did_you_mean
from mooring.templating.templar import Templar

ROLE_KEYWORDS = ("role", "vars", "when", "tags", "environment", *Keywords.SINGLE)
# Far more than anybody writes, and few enough for Python's stack.
MAX_DEPENDENCIES = 50


@dataclass(frozen=True)
class RoleUse:
    """A role in a play with its steps; `key` is what makes two uses the same, `keywords` hold for
    all its tasks."""

    role: Role
    key: tuple[Any, ...]
    keywords: Keywords
    tasks: tuple[Step, ...]
    handlers: tuple[Step, ...]


@dataclass(frozen=True)
class _Parent:
    """What a dependency has from the roles that need it: their names, keywords and parameters."""

    keywords: Keywords
    names: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


def load_roles(node: Node | None, context: Context, outer: Keywords) -> tuple[RoleUse, ...]:
    """The roles of a play in the order in which they run, dependencies first."""
    if node is None or node.is_null:
        return ()
    if not node.is_list:
        raise PlaybookError("roles must be a list", node.where)
    uses: list[RoleUse] = []
    mistakes = Mistakes()
    for child in node.elements():
        with mistakes.gather():
            _add(child, context, _Parent(outer), uses)
    mistakes.raise_first()
    return tuple(uses)


def _add(node: Node, context: Context, parent: _Parent, uses: list[RoleUse]) -> None:
    name, params, keywords = _entry(node, context)
    if name in parent.names:
        raise PlaybookError(f"role {name} depends on itself: {' -> '.join([*parent.names, name])}", node.where)
    if len(parent.names) > MAX_DEPENDENCIES:
        raise PlaybookError(f"roles depend on each other more than {MAX_DEPENDENCIES} levels deep", node.where)
    path = find_role(name, context, node.where)
    inherited, seen_params = keywords.inherit(parent.keywords), {**parent.params, **params}
    meta = _meta(path)
    mistakes = Mistakes()
    for dependency in meta.dependencies:
        with mistakes.gather():
            _add(dependency, context, _Parent(inherited, (*parent.names, name), seen_params), uses)
    # As in Ansible, the same role with the same parameters, tags and conditions runs once on a host
    # in a play.
    key = (name, path, tuple(sorted(params.items(), key=str)), keywords.when, keywords.tags)
    twins = [] if meta.allow_duplicates else [use for use in uses if use.key == key]
    if any(use.keywords == inherited for use in twins):
        return
    numbers = frozenset(use.role.number for use in twins)
    variables: dict[str, Mapping[str, Any]] = {"defaults": {}, "vars": {}}
    for folder in variables:
        with mistakes.gather():
            variables[folder] = _variables(path, folder, context.templar)
    role = Role(name, path, variables["defaults"], variables["vars"], seen_params, len(uses), twins=numbers)
    inside, steps = replace(context, role=role), dict[str, tuple[Step, ...]]()
    for folder in ("tasks", "handlers"):
        with mistakes.gather():
            steps[folder] = _steps(path, folder, inside, inherited)
    mistakes.raise_first()
    uses.append(RoleUse(role, key, inherited, steps["tasks"], steps["handlers"]))


def _entry(node: Node, context: Context) -> tuple[str, Mapping[str, Any], Keywords]:
    if not node.is_mapping:
        return str(source.value(node)), {}, Keywords()
    reader = Reader(node, "the role")
    name = reader.take_text("role") or reader.take_text("name")
    if not name:
        hint = next(filter(None, (did_you_mean(key, ("role",)) for key in reader.remaining())), "role: NAME")
        raise PlaybookError("the role has no name", node.where, hint)
    params = dict(read_vars(reader, "vars"))
    keywords = read_keywords(reader)
    names = reader.remaining()
    path = find_role(name, context, node.where)
    own = _variables(path, "defaults", context.templar) if names else {}
    for key in names:
        _check_param(key, own, reader)
        params[key] = reader.take(key)
    context.templar.check_all(params, node.where)
    return name, params, keywords


def _check_param(key: str, defaults: Mapping[str, Any], reader: Reader) -> None:
    """Any other word of an entry is a parameter of the role; but not a keyword with a slip in
    it."""
    check_name(key, reader.key_where(key))
    close = difflib.get_close_matches(key, ROLE_KEYWORDS, n=1, cutoff=0.75)
    if close and key not in defaults:
        hint = f'did you mean "{close[0]}"? A parameter of that name goes under vars:'
        raise PlaybookError(f'unknown keyword "{key}" in the role', reader.key_where(key), hint)


def find_role(name: str, context: Context, where: Where) -> Path:
    """The folder of a role: in `roles/` beside the playbook or beside its folder, the project's,
    then Mooring's."""
    folder = context.playbook_dir
    beside = [folder / "roles", folder.parent / "roles", folder]
    places = list(dict.fromkeys([*beside, *context.project.roles]))
    for place in places:
        if (place / name).is_dir():
            return place / name
    folders = [place for place in places if place != folder and place.is_dir()]
    known = [path.name for place in folders for path in place.iterdir() if path.is_dir()]
    looked = f"looked in {', '.join(map(str, places))}"
    raise PlaybookError(f'no role "{name}"', where, did_you_mean(name, known) or looked)


def _main_file(path: Path, folder: str) -> Path | None:
    for suffix in (".yml", ".yaml"):
        file = path / folder / f"main{suffix}"
        if file.exists():
            return file
    return None


@dataclass(frozen=True)
class _Meta:
    """What meta/main.yml says that matters here."""

    dependencies: tuple[Node, ...] = ()
    allow_duplicates: bool = False


def _meta(path: Path) -> _Meta:
    file = _main_file(path, "meta")
    root = source.load(file) if file else None
    if root is None or root.is_null:
        return _Meta()
    reader = Reader(root, "the role's meta")
    for name in ("galaxy_info", "argument_specs", "collections"):
        reader.take_node(name)
    node = reader.take_node("dependencies")
    duplicates = reader.take_bool("allow_duplicates", False)
    reader.finish()
    if node is not None and not node.is_null and not node.is_list:
        raise PlaybookError("dependencies must be a list of roles", node.where)
    return _Meta(tuple(node.elements()) if node is not None and node.is_list else (), bool(duplicates))


def _variables(path: Path, folder: str, templar: Templar) -> Mapping[str, Any]:
    file = _main_file(path, folder)
    return load_variables(file, templar) if file else {}


def load_variables(file: Path, templar: Templar | None = None) -> Mapping[str, Any]:
    """The variables in a file that is one mapping; with a templar their templates are checked."""
    root = source.load(file)
    if root is None or root.is_null:
        return {}
    variables = take_variables(Reader(root, file.name))
    if templar is not None:
        templar.check_all(variables, root.where)
    return variables


def _steps(path: Path, folder: str, context: Context, outer: Keywords) -> tuple[Step, ...]:
    file = _main_file(path, folder)
    return load_file(file, context, outer, folder) if file else ()
