"""Reads one task: its keywords, its action and arguments; every name and every template checked at once."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mooring import arguments, source
from mooring.blocks import Context, Task
from mooring.errors import ArgumentError, PlaybookError, Where
from mooring.keywords import Keywords, read_keywords, read_vars
from mooring.source import Node, Reader, did_you_mean
from mooring.templating import Templar, is_template

TASK_KEYWORDS = (
    "name", "args", "register", "loop", "loop_control", "until", "retries", "delay", "changed_when",
    "failed_when", "notify", "listen", "when", "vars", "tags", "environment", *Keywords.SINGLE,
)  # fmt: skip
LOOP_CONTROL = ("loop_var", "index_var", "label", "pause", "extended")


class TaskReader:
    """Reads one task; a class only because its parts share the reader, the context and the place."""

    def __init__(self, reader: Reader, context: Context, outer: Keywords) -> None:
        self.reader, self.context, self.outer = reader, context, outer
        self.where = reader.node.where

    def load(self) -> Task:
        """The task, every name and every template in it checked."""
        reader = self.reader
        own = read_keywords(reader)
        name = reader.take_text("name")
        task = {
            "register": reader.take_text("register") or None,
            "loop": reader.take("loop"),
            "loop_control": self._loop_control(),
            "until": tuple(reader.take_list("until")),
            "retries": reader.take("retries"),
            "delay": reader.take("delay", 5),
            "changed_when": tuple(reader.take_list("changed_when")),
            "failed_when": tuple(reader.take_list("failed_when")),
            "notify": tuple(reader.take_list("notify")),
            "listen": tuple(str(topic) for topic in reader.take_list("listen")),
        }
        extra = read_vars(reader, "args")
        action, args = self._action(extra)
        if action == "include_tasks":
            # As in Ansible, what an include brings wins over set_fact and registered results.
            own = replace(own, vars=(), include_params=own.vars)
        keywords = own.inherit(self.outer)
        role = self.context.role
        loaded = Task(name or action, self.where, action, args, keywords, self.outer, role, **task)
        self._check(loaded)
        return loaded

    def _loop_control(self) -> Mapping[str, Any]:
        node = self.reader.take_node("loop_control")
        if node is None:
            return {}
        inner = Reader(node, "loop_control")
        found = {key: inner.take(key) for key in LOOP_CONTROL if inner.has(key)}
        inner.finish(LOOP_CONTROL)
        return found

    def _action(self, extra: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        keys = self.reader.remaining()
        if not keys:
            raise PlaybookError("the task names no module", self.where)
        known = arguments.known_names()
        named = [key for key in keys if arguments.short_name(key) in known]
        if not named:
            key = keys[0]
            hint = did_you_mean(key.rpartition(".")[2], {*known, *TASK_KEYWORDS})
            raise PlaybookError(f'unknown module or keyword "{key}"', self.reader.key_where(key), hint)
        key = named[0]
        place = self.reader.key_where(key)
        node = self.reader.take_node(key)
        self.reader.finish({*known, *TASK_KEYWORDS})
        signature = arguments.find(key, place)
        args, wheres = self._args(signature, node, place)
        for name, value in extra.items():
            args.setdefault(name, value)
        arguments.check(signature, args, wheres, place)
        return signature.name, args

    def _args(
        self, signature: arguments.Signature, node: Node | None, place: Where
    ) -> tuple[dict[str, Any], dict[str, Where]]:
        """The arguments and their places, from a mapping, from free text, or from `key=value` words."""
        if node is None or node.is_null:
            return {}, {}
        if node.is_mapping:
            reader = Reader(node, signature.name, ArgumentError)
            wheres = {name: reader.key_where(name) for name in reader.remaining()}
            return {name: reader.take(name) for name in reader.remaining()}, wheres
        given = source.value(node)
        if signature.free_form:
            return {signature.free_form: given}, {}
        if not isinstance(given, str):
            raise ArgumentError(f"{signature.name} takes a mapping of arguments", node.where)
        try:
            words = [word.partition("=") for word in shlex.split(given)]
        except ValueError as error:
            raise ArgumentError(f"{signature.name}: {error}", node.where) from None
        wrong = [word for word, equals, _ in words if not equals]
        if wrong:
            raise ArgumentError(f'{signature.name}: "{wrong[0]}" is no key=value', node.where)
        return {name: text for name, _, text in words}, {name: place for name, _, _ in words}

    def _check(self, task: Task) -> None:
        """Parse every template and condition of the task now, so that a host never meets a broken one."""
        templar = self.context.templar
        keywords = task.keywords
        for value in (task.args, task.loop, task.name, keywords.vars[-1:], keywords.environment, task.notify):
            _check_templates(value, templar, task.where)
        for conditions in (keywords.when, task.until, task.changed_when, task.failed_when):
            for condition in conditions:
                templar.check_condition(condition, task.where)
        check_action(task, self.context)


def check_action(task: Task, context: Context) -> None:
    """Let an action look at its files now: a task that names a missing template is wrong before it runs."""
    action = arguments.action_module(task.action)
    if action is not None and hasattr(action, "check"):
        action.check(task, context)


def _check_templates(value: Any, templar: Templar, where: Where) -> None:
    if isinstance(value, str):
        if is_template(value):
            templar.check(value, getattr(value, "where", None) or where)
    elif isinstance(value, Mapping):
        for key, child in value.items():
            _check_templates(key, templar, where)
            _check_templates(child, templar, where)
    elif isinstance(value, (list, tuple)):
        for child in value:
            _check_templates(child, templar, where)
