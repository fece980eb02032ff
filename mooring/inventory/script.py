"""Inventory scripts, as Ansible's script plugin runs them: `SCRIPT --list`, and
`SCRIPT --host NAME` without `_meta`.

What they print is JSON; its kinds are checked, and its strings are templates as those of an
inventory file are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mooring.deadline import Deadline
from mooring.errors import InventoryError, Where, on_one_line
from mooring.files.composing import MAX_DEPTH
from mooring.inventory import patterns
from mooring.inventory.draft import Draft
from mooring.inventory.group_vars import find_slip
from mooring.inventory.program import FOREVER, ProgramFailed, run
from mooring.inventory.yaml_file import GROUP_NAME
from mooring.source import Text, Unsafe

_KEYS = ("hosts", "vars", "children")
# For all answers to `--host` together, in seconds: without `_meta` each host is asked for.
HOSTS_SECONDS = 300.0
# Of what a script writes to standard error, in characters.
_WIDEST = 300


def read_script(program: str, path: str, draft: Draft) -> bool:
    """Run a script and add what it says; False where that is nothing. `path` is
    its name in messages.

    InventoryError where it fails or prints something else, OSError where it cannot be started.
    """
    script = _Script(program, path, draft)
    groups = script.ask("--list")
    if not groups:
        return False
    meta = groups.pop("_meta", None)
    for name, content in groups.items():
        script.add_group(name, content)
    script.add_host_vars(None if meta is None else _take_hostvars(meta, script))
    return True


class _Script:
    """A script, and the draft that it adds to."""

    def __init__(self, program: str, path: str, draft: Draft) -> None:
        self._program, self._draft, self._where = program, draft, Where(path)
        self._hosts: dict[str, None] = {}
        self._told: set[str] = set()
        self._answered = 0

    def error(self, message: str, hint: str = "") -> InventoryError:
        """What is wrong with the script or with what it printed."""
        return InventoryError(message, self._where, hint)

    def ask(self, *words: str, within: Deadline = FOREVER) -> dict[str, Any]:
        """The mapping that it prints for these words."""
        command = on_one_line(" ".join(words))
        try:
            output = run([self._program, *words], within)
        except ProgramFailed as failure:
            if within.is_over:
                raise self._too_slow() from None
            complaint = _shorten(failure.complaint)
            hint = f'it said "{complaint}"' if complaint else f"run it by hand with {command}"
            raise self.error(f"the inventory script {failure} ({command})", hint) from None
        if complaint := _shorten(output.complaint):
            self._warn(f'the inventory script {on_one_line(self._where.path)} said "{complaint}"')
        if not output.text.strip() and words[0] == "--host":
            return {}
        content = self._parse(output.text, command)
        if not isinstance(content, dict):
            raise self.error(f"the inventory script printed {_kind(content)} instead of a mapping ({command})")
        return content

    def _parse(self, text: bytes, command: str) -> Any:
        try:
            return json.loads(text.decode("utf-8"))
        except UnicodeDecodeError:
            problem = "is not UTF-8 text"
        except json.JSONDecodeError as error:
            problem = f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        except (ValueError, RecursionError):
            problem = "is JSON that cannot be read: a number is too long, or it nests too deeply"
        begin = _shorten(text[:200])
        raise self.error(
            f"what the inventory script printed {problem} ({command})",
            f'it begins "{begin}"' if begin else "it is empty",
        )

    def add_group(self, name: str, content: Any) -> None:
        """A group: its hosts as a list, or a mapping of `hosts`, `vars` and `children`."""
        subject = f'group "{on_one_line(name)}"'
        if not name.strip():
            raise self.error("the inventory script names a group without a name")
        if not GROUP_NAME.fullmatch(name):
            self._warn(f"{on_one_line(self._where.path)}: {subject}: patterns cannot name it")
        group = self._draft.add_group(name)
        if not isinstance(content, dict):
            content = {"hosts": content}
        elif not any(key in content for key in _KEYS):
            # Ansible takes it for a host of the group's name, and its values for no templates.
            values = {key: self._convert(value, Unsafe) for key, value in content.items()}
            self._add_host(name, name)
            group.update_vars(values, self._where)
            return
        for host in self._take_list(content, "hosts", subject):
            self._add_host(host, name)
        group.update_vars(self._variables(content.get("vars", {}), f"the vars of {subject}"), self._where)
        for child in self._take_list(content, "children", subject):
            if child == "all":
                raise self.error(f'{subject} has "all" among its children, which holds all groups')
            self._draft.add_group(child)
            group.children.setdefault(child, self._where)

    def _add_host(self, host: str, group: str) -> None:
        self._hosts[host] = None
        try:
            self._draft.add_host(host, None, self._draft.groups[group], {})
        except patterns.PatternError as error:
            raise self.error(str(error)) from None

    def add_host_vars(self, hostvars: dict[str, Any] | None) -> None:
        """The variables of each host that a group names; the script is asked for each where `_meta`
        does not say."""
        deadline = Deadline(HOSTS_SECONDS)
        for number, host in enumerate(self._hosts):
            self._answered = number
            if hostvars is None and deadline.is_over:
                raise self._too_slow()
            values = self.ask("--host", host, within=deadline) if hostvars is None else hostvars.get(host, {})
            self._draft.hosts[host].update(self._variables(values, f'the variables of host "{host}"'))

    def _too_slow(self) -> InventoryError:
        return self.error(
            f"the inventory script answered for {self._answered} of its {len(self._hosts)} hosts"
            f" within {HOSTS_SECONDS:g} seconds (--host NAME)",
            'let its --list print "_meta" with the "hostvars" of all hosts',
        )

    def _take_list(self, content: dict[str, Any], key: str, subject: str) -> Iterator[str]:
        members = content.get(key, [])
        if not isinstance(members, list):
            raise self.error(f"{subject}: its {key} are {_kind(members)} instead of a list")
        for member in members:
            if not isinstance(member, str) or not member.strip():
                raise self.error(f"{subject}: one of its {key} is {_kind(member)} instead of a name")
            yield member

    def _variables(self, values: Any, subject: str) -> dict[str, Any]:
        if not isinstance(values, dict):
            raise self.error(f"{subject} are {_kind(values)} instead of a mapping")
        for name in values:
            if hint := find_slip(name):
                self._warn(
                    f'{on_one_line(self._where.path)}: {subject}: unknown variable "{on_one_line(name)}" ({hint})'
                )
        return {name: self._convert(value, Text) for name, value in values.items()}

    def _convert(self, value: Any, text: type[Text], depth: int = 0) -> Any:
        """A value with its strings marked; those that Ansible's tools mark as unsafe
        are not templates."""
        if depth > MAX_DEPTH:
            raise self.error(f"what the inventory script printed nests more than {MAX_DEPTH} levels deep")
        if isinstance(value, str):
            return self._mark(value, text)
        if isinstance(value, list):
            return [self._convert(child, text, depth + 1) for child in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("__ansible_unsafe"), str):
            return self._mark(value["__ansible_unsafe"], Unsafe)
        if "__ansible_vault" in value:
            raise self.error("vault values cannot be read", "let the script print them in plain")
        return {name: self._convert(child, text, depth + 1) for name, child in value.items()}

    def _mark(self, value: str, text: type[Text]) -> Text:
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise self.error("what the inventory script printed holds half of a surrogate pair") from None
        return text(value, self._where)

    def _warn(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            self._draft.warnings.append(message)


def _take_hostvars(meta: Any, script: _Script) -> dict[str, Any]:
    """What `_meta` says of the hosts."""
    if not isinstance(meta, dict) or not isinstance(meta.get("hostvars"), dict):
        raise script.error('"_meta" of the inventory script has no mapping "hostvars"')
    if meta.get("profile", "inventory_legacy") != "inventory_legacy":
        raise script.error(
            f"the profile {meta['profile']!r} of the inventory script is not known", "inventory_legacy is"
        )
    hostvars: dict[str, Any] = meta["hostvars"]
    return hostvars


def _kind(value: Any) -> str:
    """What JSON calls a value."""
    if value is None:
        return "null"
    kinds = {bool: "true or false", str: "a string", list: "a list", dict: "a mapping"}
    return kinds.get(type(value), "a number")


def _shorten(text: bytes) -> str:
    """Some lines as messages show them: on one line, and not longer than a reader takes in."""
    lines = (on_one_line(line.strip()) for line in text.decode("utf-8", "replace").splitlines())
    whole = "; ".join(line for line in lines if line)
    return whole if len(whole) <= _WIDEST else whole[: _WIDEST - 3] + "..."
