"""The keywords that plays, roles, blocks and tasks share, and how inner ones
inherit from outer ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from typing import Any

from mooring import source
from mooring.errors import PlaybookError, SourceError, Where
from mooring.mistakes import Mistakes
from mooring.source import Reader, did_you_mean
from mooring.templating.conversion import as_bool
from mooring.templating.templar import OMIT, is_template
from mooring.templating.variables import is_connecting

# Ansible's words that mean something this engine does not do; named, so that nobody takes them for
# a typo.
UNSUPPORTED = {
    "any_errors_fatal": "serial with max_fail_percentage: 0 stops before the next batch",
    "async": "", "become_exe": "", "become_flags": "", "collections": "give modules their full names",
    "connection": "set ansible_connection in the inventory", "debugger": "", "delegate_facts": "",
    "delegate_to": "give the other host a play of its own", "fact_path": "", "force_handlers": "",
    "gather_subset": "call setup as a task", "gather_timeout": "", "local_action": "",
    "action": "name the module as key",
    "module_defaults": "", "order": "", "poll": "", "port": "set ansible_port in the inventory",
    "remote_user": "set ansible_user in the inventory", "run_once": "give it a play with one host",
    "strategy": "hosts always run at their own pace", "throttle": "use --forks",
    "vars_prompt": "use --extra-vars", "ignore_unreachable": "",
    "include_role": "list it under roles", "import_role": "list it under roles",
}  # fmt: skip


# Ansible's own limit of a timeout, and digits enough to be beyond it.
MOST_SECONDS, DIGITS = 100_000_000, 12
# Keywords that mean yes or no; a template for it is as good.
YES_OR_NO = ("become", "check_mode", "diff", "no_log", "ignore_errors")


@dataclass(frozen=True)
class Keywords:
    """What a play, role or block hands down: when, vars, tags and environment add
    up, the rest replace.

    `outer` are the keywords around these, whose values hold where a template yields `omit`.
    """

    when: tuple[Any, ...] = ()
    vars: tuple[Mapping[str, Any], ...] = ()
    include_params: tuple[Mapping[str, Any], ...] = ()
    tags: frozenset[str] = frozenset()
    environment: tuple[Any, ...] = ()
    become: Any = None
    _: KW_ONLY
    become_user: Any = None
    become_method: Any = None
    check_mode: Any = None
    diff: Any = None
    no_log: Any = None
    ignore_errors: Any = None
    timeout: Any = None
    outer: Keywords | None = None

    SINGLE = ("become", "become_user", "become_method", "check_mode", "diff", "no_log", "ignore_errors", "timeout")

    def inherit(self, outer: Keywords) -> Keywords:
        """These keywords inside `outer` ones."""
        singles = {
            name: getattr(self, name) if getattr(self, name) is not None else getattr(outer, name)
            for name in self.SINGLE
        }
        return replace(
            self,
            when=outer.when + self.when,
            vars=outer.vars + self.vars,
            include_params=outer.include_params + self.include_params,
            tags=outer.tags | self.tags,
            environment=outer.environment + self.environment,
            outer=outer,
            **singles,
        )

    def render(self, name: str, render: Callable[[Any], Any]) -> Any:
        """The rendered value of a keyword of SINGLE; None where it is not given, or
        omitted all the way out."""
        value = render(getattr(self, name))
        if value is not OMIT:
            return value
        return None if self.outer is None else self.outer.render(name, render)


def read_keywords(reader: Reader, mistakes: Mistakes | None = None) -> Keywords:
    """Take the shared keywords out of a mapping; with `mistakes`, what is wrong is noted
    there and left out."""
    notes = Mistakes() if mistakes is None else mistakes
    readers: dict[str, Callable[[], Any]] = {
        "when": lambda: tuple(reader.take_list("when")),
        "vars": lambda: tuple(filter(None, [read_vars(reader, "vars")])),
        "tags": lambda: _read_tags(reader),
        "environment": lambda: _read_environment(reader),
        "become_user": lambda: reader.take("become_user"),
        "become_method": lambda: _read_become_method(reader),
        "timeout": lambda: read_seconds(reader, "timeout"),
        **{name: partial(read_yes_or_no, reader, name) for name in YES_OR_NO},
    }
    values = {}
    with notes.gather():
        refuse_unsupported(reader)
    for name, read in readers.items():
        with notes.gather():
            values[name] = read()
    if mistakes is None:
        notes.raise_first()
    return Keywords(**values)


def _read_become_method(reader: Reader) -> Any:
    method = reader.take("become_method")
    if not is_template(method):
        check_become_method(method, reader.node.where)
    return method


def check_become_method(method: Any, where: Where | None) -> None:
    """Refuse every way to become another user but sudo."""
    if method not in (None, "sudo", "ansible.builtin.sudo"):
        raise PlaybookError(f'become_method "{method}" is not supported', where, "use sudo")


def read_yes_or_no(reader: Reader, key: str) -> Any:
    """A keyword that means yes or no, or a template for it; it is returned as it is written."""
    node = reader.take_node(key)
    value = source.value(node)
    if node is not None and value is not None and not is_template(value) and as_bool(value) is None:
        hint = did_you_mean(str(value), ("true", "false", "yes", "no"))
        raise reader.error(f'"{key}" must be yes or no, not "{value}"', node.where, hint)
    return value


def read_seconds(reader: Reader, key: str) -> Any:
    """A keyword that is a whole number of seconds, or a template for one; it is
    returned as it is written."""
    node = reader.take_node(key)
    value = source.value(node)
    if node is not None and value is not None and not is_template(value) and as_seconds(value) is None:
        raise reader.error(f'"{key}" must be a whole number of seconds, not "{value}"', node.where)
    return value


def as_seconds(value: Any) -> int | None:
    """A whole number of seconds, 0 for no limit; None where the value is something else."""
    if isinstance(value, str) and value.strip().isdecimal() and value.isascii():
        value = int(value.strip()[:DIGITS])
    is_whole = type(value) is int or (type(value) is float and value.is_integer())
    return int(value) if is_whole and 0 <= value <= MOST_SECONDS else None


def _read_tags(reader: Reader) -> frozenset[str]:
    tags = reader.take_list("tags")
    for tag in tags:
        if not isinstance(tag, (str, int)) or is_template(tag):
            hint = "what runs must be known before it runs"
            raise reader.error("tags must be plain words", getattr(tag, "where", None) or reader.node.where, hint)
    return frozenset(part.strip() for tag in tags for part in str(tag).split(",") if part.strip())


def _read_environment(reader: Reader) -> tuple[Any, ...]:
    layers = reader.take_list("environment")
    for layer in layers:
        if not isinstance(layer, Mapping) and not is_template(layer):
            where = getattr(layer, "where", None) or reader.node.where
            raise reader.error('"environment" must be a mapping of names to values', where)
    return tuple(layers)


def read_vars(reader: Reader, key: str) -> Mapping[str, Any]:
    """A mapping of variables under `key`; names must be identifiers, as Jinja2 wants them."""
    node = reader.take_node(key)
    if node is None or node.is_null:
        return {}
    return take_variables(Reader(node, f'"{key}"', reader.error))


def take_variables(reader: Reader) -> dict[str, Any]:
    """All keys of a mapping as variables."""
    for name in reader.remaining():
        check_name(name, reader.key_where(name), reader.error)
    return {name: reader.take(name) for name in reader.remaining()}


def check_name(name: str, where: Where | None, error: type[SourceError] = PlaybookError) -> None:
    """Refuse what cannot be the name of a variable."""
    if not name.isidentifier():
        hint = "letters, digits and underscores, no digit first"
        raise error(f'"{name}" is not a valid variable name', where, hint)


def check_set_name(name: str, where: Where | None, error: type[SourceError] = PlaybookError) -> None:
    """Refuse what a run must not set: what is not a name, and how a host is reached, which a host's
    text could say."""
    check_name(name, where, error)
    if is_connecting(name):
        hint = "write it in the inventory, in vars or in --extra-vars"
        raise error(f"{name} says how a host is reached: no task may set it", where, hint)


def refuse_unsupported(reader: Reader) -> None:
    """Name the Ansible keywords that mean something we do not do, all of them, and take them
    away."""
    mistakes = Mistakes()
    for key in reader.remaining():
        word = key.removeprefix("ansible.builtin.")
        message, hint = f'Ansible\'s keyword "{word}" is not supported', UNSUPPORTED.get(word, "")
        if key.startswith("with_"):
            message, hint = f'"{key}" is not supported', "use loop"
        if word in UNSUPPORTED or key.startswith("with_"):
            where = reader.key_where(key)
            reader.take_node(key)
            with mistakes.gather():
                raise reader.error(message, where, hint)
    mistakes.raise_first()
