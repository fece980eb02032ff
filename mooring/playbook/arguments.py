"""A task's arguments against what its module or action takes (ARGS, RULES, FREE_FORM in its own
file, not imported).

Twice: at load, where names, rules and untemplated values are checked before any host is
touched; and after templating, where values are converted, so that the host receives every key
with its final type.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

from mooring.errors import ArgumentError, Where
from mooring.mistakes import Mistakes
from mooring.playbook import ansible_modules
from mooring.playbook.declarations import declarations_of
from mooring.source import did_you_mean
from mooring.templating.conversion import Spec, convert
from mooring.templating.templar import is_template

PACKAGE = Path(__file__).parents[1]
_DECLARED = re.compile(r"^ARGS\b", re.MULTILINE)
ROOMS = {"action": ("actions",), "module": ("agent", "modules")}
COLLECTIONS = ("ansible.builtin.", "ansible.legacy.", "community.docker.")


@dataclass(frozen=True)
class Signature:
    """What a module or an action takes.

    `facts` are those without `ansible_` in their names that it may find; `looks` says that it
    changes nothing. `includes` says that it brings other tasks, `is_silent` that the run tells only
    its failures. `meets` are values of arguments with which all hosts wait for each other at the
    task, whether or not its condition holds.
    """

    name: str
    args: Mapping[str, Spec]
    rules: Mapping[str, list[Any]] = field(default_factory=dict)
    free_form: str | None = None
    _: KW_ONLY
    is_open: bool = False
    facts: tuple[str, ...] = ()
    looks: bool = False
    includes: bool = False
    is_silent: bool = False
    meets: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def finds_facts(self) -> bool:
        """Whether it gathers the facts of a host, and does nothing else."""
        return self.looks and bool(self.facts)

    def is_barrier(self, args: Mapping[str, Any]) -> bool:
        """Whether hosts wait for each other at a task with these arguments, as they are written."""
        return any(args.get(name) in values for name, values in self.meets.items())

    @functools.cached_property
    def aliases(self) -> dict[str, str]:
        """Every accepted name of every argument, to its own name."""
        names = {name: name for name in self.args}
        for name, spec in self.args.items():
            names.update(dict.fromkeys(spec.get("aliases", ()), name))
        return names


@functools.cache
def known_names() -> frozenset[str]:
    """The names of all modules and actions."""
    return frozenset(_files("module")) | action_names()


@functools.cache
def action_names() -> frozenset[str]:
    """The names of all actions: the files that declare their arguments. The others of that
    folder serve them."""
    return frozenset(name for name, path in _files("action").items() if _DECLARED.search(path.read_text("utf-8")))


@functools.cache
def _files(room: str) -> dict[str, Path]:
    return {path.stem: path for path in PACKAGE.joinpath(*ROOMS[room]).glob("*.py") if path.stem != "__init__"}


def short_name(name: str) -> str:
    """`ansible.builtin.copy` and `copy` are the same."""
    for collection in COLLECTIONS:
        if name.startswith(collection):
            short = name.removeprefix(collection)
            in_docker = short.startswith("docker_")
            if in_docker == (collection == "community.docker."):
                return short
    return name


def has_action(name: str) -> bool:
    """Whether the work of `name` begins on the control machine."""
    return name in action_names()


def is_include(name: str) -> bool:
    """Whether the action of this short name brings other tasks."""
    return has_action(name) and _signature(name).includes


def find(name: str, where: Where | None) -> Signature:
    """The signature of a module or action by its short or full name."""
    short = short_name(name)
    known = known_names()
    if short not in known:
        message, hint = ansible_modules.explain(name, known)
        raise ArgumentError(message, where, hint)
    return _signature(short)


@functools.cache
def _signature(name: str) -> Signature:
    return _read("action" if has_action(name) else "module", name)


@functools.cache
def find_module(name: str) -> Signature:
    """The signature of the host's half, where an action has the same name."""
    return _read("module", name)


def _read(room: str, name: str) -> Signature:
    declared = declarations_of(_files(room)[name])
    return Signature(
        name,
        declared.get("ARGS"),
        declared.get("RULES", {}),
        declared.get("FREE_FORM"),
        is_open=declared.get("OPEN", False),
        facts=tuple(declared.get("FACTS", ())),
        looks=declared.get("READ_ONLY", False),
        includes=declared.get("INCLUDES", False),
        is_silent=declared.get("SILENT", False),
        meets=declared.get("MEETS", {}),
    )


def check(signature: Signature, args: Mapping[str, Any], wheres: Mapping[str, Where], where: Where) -> None:
    """At load: names, rules, and the values that are not templates."""
    mistakes = Mistakes()
    for name in args:
        if name not in signature.aliases and not signature.is_open:
            with mistakes.gather():
                hint = did_you_mean(name, signature.aliases)
                raise ArgumentError(f'{signature.name} has no argument "{name}"', wheres.get(name, where), hint)
    mistakes.raise_first()
    values = _own_names(signature, args, where)
    _check_rules(signature, values, where)
    for name, value in values.items():
        if not is_template(value) and name in signature.args:
            with mistakes.gather():
                _value(signature.args[name], value, f"{signature.name}: {name}", wheres.get(name, where))
    mistakes.raise_first()


def normalize(signature: Signature, args: Mapping[str, Any], where: Where | None) -> dict[str, Any]:
    """After templating: every key of ARGS with its final type, None where neither
    given nor defaulted."""
    values = _own_names(signature, args, where)
    _check_rules(signature, values, where)
    filled = _fill(signature.args, values, signature.name, where)
    return {**values, **filled} if signature.is_open else filled


def _own_names(signature: Signature, args: Mapping[str, Any], where: Where | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in args.items():
        if name not in signature.aliases and not signature.is_open:
            hint = did_you_mean(name, signature.aliases)
            raise ArgumentError(f'{signature.name} has no argument "{name}"', where, hint)
        own = signature.aliases.get(name, name)
        if own in values:
            raise ArgumentError(f'{signature.name}: "{own}" is given twice, also as "{name}"', where)
        values[own] = value
    return values


def _check_rules(signature: Signature, values: Mapping[str, Any], where: Where | None) -> None:
    def refuse(message: str) -> None:
        raise ArgumentError(f"{signature.name}: {message}", where)

    there = {name for name, value in values.items() if value is not None}
    for name, spec in signature.args.items():
        if spec.get("required") and name not in there:
            refuse(f'"{name}" is missing')
    for names in signature.rules.get("required_one_of", []):
        if not there & set(names):
            refuse(f"one of {', '.join(names)} is needed")
    for names in signature.rules.get("mutually_exclusive", []):
        if len(there & set(names)) > 1:
            refuse(f"{' and '.join(name for name in names if name in there)} exclude each other")
    for names in signature.rules.get("required_together", []):
        if there & set(names) and not set(names) <= there:
            refuse(f"{', '.join(names)} go together")
    for rule in signature.rules.get("required_if", []):
        name, value, needed = rule[0], rule[1], rule[2]
        actual = values.get(name, signature.args[name].get("default"))
        missing = [argument for argument in needed if argument not in there]
        if actual == value and (len(missing) == len(needed) if rule[3:] == [True] else missing):
            refuse(f"{name}: {value} needs {', '.join(missing)}")


def _fill(specs: Mapping[str, Spec], values: Mapping[str, Any], subject: str, where: Where | None) -> dict[str, Any]:
    filled = {}
    for name, spec in specs.items():
        value = values.get(name)
        if value is None:
            value = spec.get("default")
        filled[name] = None if value is None else _value(spec, value, f"{subject}: {name}", where)
    return filled


def _value(spec: Spec, value: Any, subject: str, where: Where | None) -> Any:
    """The converted value, the named options inside it filled likewise."""
    converted = convert(spec, value, subject, where)
    options = spec.get("options")
    if not options or converted is None:
        return converted
    if isinstance(converted, list):
        return [_options(options, element, subject, where) for element in converted]
    return _options(options, converted, subject, where)


def _options(options: Mapping[str, Spec], value: Mapping[str, Any], subject: str, where: Where | None) -> Any:
    nested = Signature(subject, options)
    values = _own_names(nested, value, where)
    _check_rules(nested, values, where)
    return _fill(options, values, subject, where)
