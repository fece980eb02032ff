"""Reads one task: its keywords, its action and arguments; every name and every
template checked at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

from mooring import source
from mooring.errors import ArgumentError, PlaybookError, Where, on_one_line
from mooring.mistakes import Mistakes
from mooring.playbook import ansible_modules, arguments, key_values
from mooring.playbook.keywords import Keywords, check_set_name, read_keywords, read_vars
from mooring.playbook.tasks import Context, Task
from mooring.source import Node, Reader, Text
from mooring.templating.templar import is_template

TASK_KEYWORDS = (
    "name", "args", "register", "loop", "loop_control", "until", "retries", "delay", "changed_when",
    "failed_when", "notify", "listen", "when", "vars", "tags", "environment", *Keywords.SINGLE,
)  # fmt: skip
LOOP_CONTROL = ("loop_var", "index_var", "label", "pause", "extended")
# What means something to an include itself; anything else belongs to the tasks that it brings.
INCLUDE_KEYWORDS = (
    "name",
    "args",
    "register",
    "loop",
    "loop_control",
    "when",
    "vars",
    "tags",
    "no_log",
    "ignore_errors",
    "timeout",
)


class TaskReader:
    """Reads one task; a class only because its parts share the reader, the context and the
    place."""

    def __init__(self, reader: Reader, context: Context, outer: Keywords) -> None:
        self.reader, self.context, self.outer = reader, context, outer
        self.where, self.mistakes = reader.node.where, Mistakes()

    def load(self) -> Task:
        """The task, every name and every template in it checked."""
        with self.mistakes.gather():
            self._refuse_keywords()
        own, task = read_keywords(self.reader, self.mistakes), dict[str, Any]()
        for field, read in self._fields().items():
            with self.mistakes.gather():
                task[field] = read()
        name, action, args = task.pop("name", ""), "", dict[str, Any]()
        with self.mistakes.gather():
            action, args = self._action(read_vars(self.reader, "args"))
        if arguments.is_include(action):
            # As in Ansible, what an include brings wins over set_fact and registered results.
            own = replace(own, vars=(), include_params=own.vars)
        keywords = own.inherit(self.outer)
        role = self.context.role
        loaded = Task(name or action, self.where, action, args, keywords, self.outer, role=role, **task)
        self._check(loaded)
        if not self.mistakes:
            self.context.loading.check_action(loaded, self.context)
        self.mistakes.raise_first()
        return loaded

    def _fields(self) -> Mapping[str, Callable[[], Any]]:
        """How each field of the task is read."""
        reader = self.reader
        lists = ("until", "changed_when", "failed_when", "notify")
        return {
            "name": lambda: reader.take_text("name"),
            "register": lambda: self._variable_name(reader, "register"),
            "loop": self._loop,
            "loop_control": self._loop_control,
            "retries": lambda: self._number("retries", None),
            "delay": lambda: self._number("delay", 5),
            "listen": lambda: tuple(str(topic) for topic in reader.take_list("listen")),
            **{name: partial(_read_tuple, reader, name) for name in lists},
        }

    def _refuse_keywords(self) -> None:
        """Known words in a place where they would do nothing."""
        keys = self.reader.remaining()
        if "listen" in keys and not self.context.loading.is_handlers:
            raise PlaybookError('"listen" is for handlers', self.reader.key_where("listen"), "a task notifies")
        includes = [name for name in map(arguments.short_name, keys) if arguments.is_include(name)]
        for key in keys if includes else ():
            if key in TASK_KEYWORDS and key not in INCLUDE_KEYWORDS:
                hint = "give it to the tasks of the file, or to a block around the include"
                raise PlaybookError(f'{includes[0]} takes no "{key}"', self.reader.key_where(key), hint)

    def _variable_name(self, reader: Reader, key: str) -> str | None:
        """A keyword that names a variable."""
        name = reader.take_text(key) or None
        if name is not None:
            check_set_name(name, getattr(name, "where", None) or self.where)
        return name

    def _number(self, key: str, default: Any) -> Any:
        """A keyword that is a number, or a template for one."""
        node = self.reader.take_node(key)
        if node is None or node.is_null:
            return default
        value = source.value(node)
        if not is_template(value):
            try:
                float("" if isinstance(value, bool) else value)
            except (TypeError, ValueError):
                raise PlaybookError(f'"{key}" must be a number, not "{value}"', node.where) from None
        return value

    def _loop(self) -> Any:
        node = self.reader.take_node("loop")
        value = source.value(node)
        if node is not None and not isinstance(value, list) and not is_template(value):
            hint = "use dict2items" if isinstance(value, Mapping) else "even one item stands in [ ]"
            raise PlaybookError("loop needs a list", node.where, hint)
        return value

    def _loop_control(self) -> Mapping[str, Any]:
        node = self.reader.take_node("loop_control")
        if node is None:
            return {}
        inner = Reader(node, "loop_control")
        names = {key: self._variable_name(inner, key) for key in ("loop_var", "index_var") if inner.has(key)}
        control = {**names, **{key: inner.take(key) for key in LOOP_CONTROL if inner.has(key)}}
        inner.finish(LOOP_CONTROL)
        return control

    def _action(self, extra: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        keys = self.reader.remaining()
        if not keys:
            raise PlaybookError("the task names no module", self.where)
        known = arguments.known_names()
        named = [key for key in keys if arguments.short_name(key) in known]
        if not named:
            self._refuse_words(sorted(keys, key=ansible_modules.is_ansibles, reverse=True), known)
        key = named[0]
        place = self.reader.key_where(key)
        node = self.reader.take_node(key)
        if len(named) > 1:
            where = self.reader.key_where(named[1])
            raise PlaybookError(f"the task names two modules, {key} and {named[1]}", where, "make it two tasks")
        with self.mistakes.gather():
            self.reader.finish({*known, *TASK_KEYWORDS})
        signature = arguments.find(key, place)
        args, wheres = self._args(signature, node, place)
        for name, value in extra.items():
            if name == signature.free_form and name in args:
                raise ArgumentError(f'{signature.name}: "{name}" is given twice, as text and under args', place)
            args.setdefault(name, value)
        arguments.check(signature, args, wheres, place)
        return signature.name, args

    def _refuse_words(self, keys: list[str], known: frozenset[str]) -> NoReturn:
        """Refuse keys that are neither modules nor keywords; the others were left unread
        by another mistake."""
        mistakes = Mistakes()
        for key in keys:
            if key not in TASK_KEYWORDS:
                with mistakes.gather():
                    message, hint = ansible_modules.explain(key, known, TASK_KEYWORDS)
                    raise PlaybookError(message, self.reader.key_where(key), hint)
        mistakes.raise_first()
        raise PlaybookError("the task names no module", self.where)

    def _args(
        self, signature: arguments.Signature, node: Node | None, place: Where
    ) -> tuple[dict[str, Any], dict[str, Where]]:
        """The arguments and their places, from a mapping, from free text, or from
        `key=value` words."""
        if node is None or node.is_null:
            return {}, {}
        if node.is_mapping:
            reader = Reader(node, signature.name, ArgumentError)
            wheres = {name: reader.key_where(name) for name in reader.remaining()}
            return {name: reader.take(name) for name in reader.remaining()}, wheres
        text = source.value(node)
        if not isinstance(text, str):
            hint = "text needs quotes here" if signature.free_form else ""
            raise ArgumentError(f"{signature.name} takes a mapping of arguments", node.where, hint)
        args = _read_text(signature, text, node)
        return args, dict.fromkeys(args, place)

    def _check(self, task: Task) -> None:
        """Parse every template and condition of the task now, so that a host never
        meets a broken one."""
        templar = self.context.templar
        keywords = task.keywords
        control = [value for name, value in task.loop_control.items() if not name.endswith("_var")]
        variables = (keywords.vars[-1:], keywords.include_params[-1:], keywords.environment)
        singles = (getattr(keywords, name) for name in Keywords.SINGLE)
        plain = (*task.args.values(), *task.args, task.name, task.loop, control, task.retries, task.delay, task.notify)
        for value in (*plain, *variables, *singles):
            with self.mistakes.gather():
                templar.check_all(value, task.where)
        for conditions in (keywords.when, task.until, task.changed_when, task.failed_when):
            for condition in conditions:
                with self.mistakes.gather():
                    templar.check_condition(condition, task.where)


def _read_tuple(reader: Reader, name: str) -> tuple[Any, ...]:
    return tuple(reader.take_list(name))


def _read_text(signature: arguments.Signature, text: str, node: Node) -> dict[str, Any]:
    """The arguments that a text means: `key=value` words, the rest being the free text
    of what takes one."""
    is_command = signature.free_form == "cmd"
    try:
        words = key_values.parse(text, key_values.COMMAND_KEYS if is_command else None)
    except ValueError as error:
        hint = 'as "cmd: ..." below the module it is taken as it stands' if is_command else ""
        raise ArgumentError(f"{signature.name}: {error}", node.where, hint) from None
    args = dict(words.pairs)
    if words.rest and not signature.free_form:
        raise ArgumentError(f'{signature.name}: "{on_one_line(words.rest)}" is not key=value', node.where)
    if words.rest and signature.free_form:
        args[signature.free_form] = words.rest
    # What was `!unsafe` stays so.
    kind = type(text) if isinstance(text, Text) else Text
    return {name: kind(value, node) for name, value in args.items()}
