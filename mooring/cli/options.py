"""What the provisioning tasks take on the command line: one list of options for all of them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import wraps
from typing import Any, TextIO

from invoke import Task

from mooring import source
from mooring.cli.directories import enter
from mooring.cli.finish import finish
from mooring.errors import UsageError, on_one_line
from mooring.files.reading import read_text
from mooring.playbook import key_values
from mooring.project import INVENTORY, Project
from mooring.reporters import streams
from mooring.reporters.last_words import ask_secret, end_line
from mooring.reporters.log_file import LogFile


def option(default: Any, text: str, short: str = "") -> Any:
    """A field of Request that is an option: its default (which gives its type), help, and Ansible's letter."""
    return field(default=default, metadata={"help": text, "short": short})


@dataclass(frozen=True)
class Request:
    """The options of one call; every field is the option of its name, but `project`."""

    inventory: str = option(INVENTORY, "the inventory file, or a list of hosts with a comma", "i")
    limit: str = option("", "only these hosts: a pattern as in `hosts:`, or @FILE", "l")
    resume: bool = option(False, "only the hosts that an earlier run of this playbook did not get through")
    tags: str = option("", "only tasks with one of these tags (comma-separated)", "t")
    skip_tags: str = option("", "no tasks with one of these tags")
    extra_vars: tuple[str, ...] = option((), "variables that win: key=value, JSON, YAML or @FILE; repeatable", "e")
    forks: int = option(50, "how many hosts work at the same time", "f")
    check: bool = option(False, "change nothing, predict what would change", "C")
    diff: bool = option(False, "show what changes in files and states", "D")
    json: bool = option(False, "one JSON event per line instead of text; the last is the recap")
    verbose: bool = option(False, "show ok and skipped tasks too, with what they return", "v")
    quiet: bool = option(False, "show failures, warnings and the recap alone", "q")
    log_file: str = option("", "append what is shown to this file too, as plain text")
    list_hosts: bool = option(False, "only list the hosts")
    list_tasks: bool = option(False, "only list the tasks")
    syntax_check: bool = option(False, "only check the files")
    detailed_exitcode: bool = option(False, "with --check: exit status 8 when something would change")
    accept_new_host_keys: bool = option(False, "record the keys of unknown hosts; changed keys are still refused")
    ask_pass: bool = option(False, "ask for the login password", "k")
    ask_become_pass: bool = option(False, "ask for sudo's password", "K")
    timeout: int = option(10, "seconds to wait for a connection", "T")
    debug: bool = option(False, "show tracebacks")
    project: Project = field(default_factory=Project)
    log: LogFile | None = None

    @property
    def verbosity(self) -> int:
        """What reporters take: 1, or -1 where only failures are to be shown."""
        return -1 if self.quiet else int(self.verbose)

    def text_streams(self) -> Iterator[TextIO | None]:
        """Where text goes: the screen (None), unless it gets JSON, and the log file."""
        if not self.json:
            yield None
        if self.log is not None:
            yield self.log.stream


OPTIONS = {one.name: one for one in fields(Request) if "help" in one.metadata}
# What means nothing to a task that only looks.
ACTING = (
    "resume",
    "tags",
    "skip_tags",
    "check",
    "diff",
    "list_hosts",
    "list_tasks",
    "syntax_check",
    "detailed_exitcode",
)


class RunTask(Task[Any]):
    """An Invoke task that takes the options of Request (but `without`), under Ansible's letters, as `request`.

    `may_follow` is the name of a parameter whose value may follow the task's name without a flag, or be left out.
    """

    def __init__(self, body: Callable[..., None], **settings: Any) -> None:
        without = settings.pop("without", ())
        self._may_follow = settings.pop("may_follow", "")
        names = [name for name in OPTIONS if name not in without]
        helps = {name: OPTIONS[name].metadata["help"] for name in names}
        settings.update(auto_shortflags=False, help={**helps, **(settings.get("help") or {})}, iterable=["extra_vars"])
        super().__init__(_takes_options(body, names), **settings)

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Any]:
        """Invoke's arguments. It knows only positional ones that must be given, so that one which may be left out
        is made one of them only where a word for it is there."""
        found: list[Any] = super().get_arguments(ignore_unknown_help)
        for argument in found:
            if argument.name == self._may_follow and has_bare_word(sys.argv, self.name.replace("_", "-"), found):
                argument.positional, argument.default = True, None
        return found

    def arg_opts(self, name: str, default: Any, taken_names: set[str]) -> dict[str, Any]:
        """Invoke's own options of an argument, with our letter added."""
        found: dict[str, Any] = super().arg_opts(name, default, taken_names)
        letter = OPTIONS[name].metadata["short"] if name in OPTIONS else ""
        found["names"] = (*found["names"], *letter)
        return found


def has_bare_word(argv: list[str], task: str, arguments: list[Any]) -> bool:
    """Whether a word that belongs to no flag follows the task's name on the command line."""
    takes = {f"{'-' if len(name) == 1 else '--'}{name}" for one in arguments if one.takes_value for name in one.names}
    rest = iter(argv[argv.index(task) + 1 :] if task in argv else [])
    for word in rest:
        if not word.startswith("-"):
            return True
        if word in takes:
            next(rest, None)
    return False


def _takes_options(body: Callable[..., None], names: list[str]) -> Callable[..., None]:
    """The task's function with the options in its signature, where Invoke looks for them."""

    @wraps(body)
    def run(context: Any, *own: Any, **given: Any) -> None:
        options = {name: given.pop(name) for name in names if name in given}
        options["extra_vars"] = tuple(options.get("extra_vars") or ())
        request: list[Request] = []
        finish(lambda: request.append(_settle(options, context, body.__name__)), bool(options.get("debug")))
        body(context, *own, request=request[0], **given)

    parameters = [one for one in inspect.signature(body).parameters.values() if one.name != "request"]
    parameters += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_default(name)) for name in names]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _settle(options: dict[str, Any], context: Any, task: str) -> Request:
    """The request of a call; UsageError where its options contradict each other."""
    options["project"] = project = enter(context)
    options["inventory"] = options["inventory"] or str(project.inventory)
    if options.get("log_file"):
        log = options["log"] = LogFile(options["log_file"])
        log.begin(task.replace("_", "-"), datetime.now().astimezone())
        streams.copy_errors(log.stream)
    for other in ("verbose", "json"):
        if options.get("quiet") and options.get(other):
            raise UsageError(f"--quiet does not go with --{other}")
    return Request(**options)


def _default(name: str) -> Any:
    """An option's default as Invoke wants it: a list for one that may be given several times.

    The inventory has none: a name that was given is relative to the working directory, the usual one to the project's.
    """
    if name == "inventory":
        return ""
    default = OPTIONS[name].default
    return list(default) if isinstance(default, tuple) else default


def words(text: str) -> frozenset[str]:
    """The words of a comma-separated option."""
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def parse_extra_vars(given: tuple[str, ...]) -> dict[str, Any]:
    """The variables of all --extra-vars, later ones winning."""
    found: dict[str, Any] = {}
    for text in given:
        found.update(_parse_one(text))
    return found


def _parse_one(text: str) -> dict[str, Any]:
    path = "--extra-vars"
    if text.startswith("@"):
        path, text = text[1:], read_text(text[1:], takes_pipe=True)
    elif not text.lstrip().startswith("{"):
        return _key_values(text)
    value = source.value(source.parse(text, path))
    if not isinstance(value, dict):
        raise UsageError(f"{on_one_line(path)}: must be a mapping of variables")
    wrong = [name for name in value if not isinstance(name, str)]
    if wrong:
        raise UsageError(
            f"{on_one_line(path)}: {wrong[0]!r} is not a variable name (names need quotes where YAML"
            " takes them for something else)"
        )
    return value


def _key_values(text: str) -> dict[str, Any]:
    """`a=1 b=two`: as in Ansible the values are strings, and the operator's own, which may be expressions.

    Words that Ansible would drop without a word are refused.
    """
    try:
        found = key_values.parse(text)
    except ValueError as error:
        raise UsageError(f"--extra-vars {text!r}: {error}") from None
    wrong = [found.rest] if found.rest else [f"{name}=" for name in found.pairs if not name.isidentifier()]
    if wrong:
        raise UsageError(f'--extra-vars: "{on_one_line(wrong[0])}" is not key=value')
    return {name: source.Text(value) for name, value in found.pairs.items()}


def ask_password(prompt: str) -> str:
    """A password from the terminal; never from a pipe, where it would be read from what is meant for something else."""
    if not has_terminal():
        raise UsageError(f"{prompt}: there is no terminal to ask on")
    try:
        return ask_secret(f"{prompt}: ")
    except EOFError:
        end_line()
        raise UsageError(f"{prompt}: none was given") from None
    except KeyboardInterrupt:
        end_line()
        raise


def has_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
