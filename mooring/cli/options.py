"""What the provisioning tasks take on the command line: one list of options for all of them."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from datetime import datetime
from functools import wraps
from typing import Any

from invoke import Task

from mooring.cli.ansible_cfg import read_ansible_cfg
from mooring.cli.directories import enter
from mooring.cli.finish import finish
from mooring.cli.settings import BY_OPTION, settle
from mooring.errors import InventoryError, UsageError, Where
from mooring.invocation import invocation
from mooring.project import INVENTORY, Project
from mooring.reporters import streams
from mooring.reporters.last_words import ask_secret, end_line, write_beside
from mooring.reporters.log_file import LogFile


def option(default: Any, text: str, short: str = "") -> Any:
    """A field of Request that is an option: its default (which gives its type), help,
    and Ansible's letter."""
    return field(default=default, metadata={"help": text, "short": short})


@dataclass(frozen=True)
class Request:
    """The options of one call: every field with a help is the option of its name. The others come
    from elsewhere."""

    inventory: tuple[str, ...] = option(
        (INVENTORY,), "an inventory: file, directory, script, or hosts with a comma; repeatable", "i"
    )
    limit: str = option("", "only these hosts: a pattern as in `hosts:`, or @FILE", "l")
    resume: bool = option(False, "only the hosts that an earlier run of this playbook did not get through")
    tags: str = option("", "only tasks with one of these tags (comma-separated)", "t")
    skip_tags: str = option("", "no tasks with one of these tags")
    extra_vars: tuple[str, ...] = option((), "variables that win: key=value, JSON, YAML or @FILE; repeatable", "e")
    _: KW_ONLY
    forks: int = option(50, "how many hosts work at the same time", "f")
    check: bool = option(False, "change nothing, predict what would change", "C")
    diff: bool = option(False, "show what changes in files and states", "D")
    json: bool = option(False, "one JSON event per line instead of text; the last is the recap")
    verbose: bool = option(False, "show ok and skipped tasks too, with what they return", "v")
    quiet: bool = option(False, "show only failures, warnings and the recap", "q")
    log_file: str = option("", "append what is shown to this file too, as plain text")
    list_hosts: bool = option(False, "only list the hosts")
    list_tasks: bool = option(False, "only list the tasks")
    syntax_check: bool = option(False, "only check the files")
    detailed_exitcode: bool = option(False, "with --check: exit status 8 when something would change")
    accept_new_host_keys: bool = option(False, "record the keys of unknown hosts; changed keys are still refused")
    ask_pass: bool = option(False, "ask for the login password", "k")
    ask_become_pass: bool = option(False, "ask for sudo's password", "K")
    connection_password_file: str = option("", "the login password's file, in place of --ask-pass")
    become_password_file: str = option("", "the file with sudo's password, in place of --ask-become-pass")
    timeout: int = option(10, "seconds to wait for a connection", "T")
    debug: bool = option(False, "show tracebacks")
    project: Project = field(default_factory=Project)
    remote_user: str = ""
    become: bool = False
    become_user: str = ""

    @property
    def verbosity(self) -> int:
        """What reporters take: 1, or -1 where only failures are to be shown."""
        return -1 if self.quiet else int(self.verbose)


OPTIONS = {entry.name: entry for entry in fields(Request) if "help" in entry.metadata}
REPEATABLE = [name for name, entry in OPTIONS.items() if isinstance(entry.default, tuple)]
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
    """An Invoke task that takes the options of Request (but `without`), under Ansible's
    letters, as `request`.

    `may_follow` is the name of a parameter whose value may follow the task's name without a flag,
    or be left out.
    """

    def __init__(self, body: Callable[..., None], **settings: Any) -> None:
        without = settings.pop("without", ())
        self._may_follow = settings.pop("may_follow", "")
        names = [name for name in OPTIONS if name not in without]
        helps = {name: _help(name) for name in names}
        settings.update(auto_shortflags=False, help={**helps, **(settings.get("help") or {})}, iterable=REPEATABLE)
        super().__init__(_takes_options(body, names), **settings)

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Any]:
        """Invoke's arguments. It knows only positional ones that must be given, so that one which
        may be left out is made one of them only where a word for it is there."""
        arguments: list[Any] = super().get_arguments(ignore_unknown_help)
        for argument in arguments:
            if argument.name == self._may_follow and has_bare_word(sys.argv, self.name.replace("_", "-"), arguments):
                argument.positional, argument.default = True, None
        return arguments

    def arg_opts(self, name: str, default: Any, taken_names: set[str]) -> dict[str, Any]:
        """Invoke's own options of an argument, with our letter added."""
        options: dict[str, Any] = super().arg_opts(name, default, taken_names)
        letter = OPTIONS[name].metadata["short"] if name in OPTIONS else ""
        options["names"] = (*options["names"], *letter)
        return options


def has_bare_word(argv: list[str], task: str, arguments: list[Any]) -> bool:
    """Whether a word that belongs to no flag follows the task's name on the command line."""
    takes = {
        f"{'-' if len(name) == 1 else '--'}{name}"
        for argument in arguments
        if argument.takes_value
        for name in argument.names
    }
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
    def run(context: Any, *own: Any, **values: Any) -> None:
        options = {name: values.pop(name) for name in names if name in values}
        options.update({name: tuple(options.get(name) or ()) for name in REPEATABLE})
        request: list[Request] = []
        finish(lambda: request.append(_settle(options, context, body.__name__)), bool(options.get("debug")))
        body(context, *own, request=request[0], **values)

    parameters = [parameter for parameter in inspect.signature(body).parameters.values() if parameter.name != "request"]
    parameters += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_default(name)) for name in names]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _settle(options: dict[str, Any], context: Any, task: str) -> Request:
    """The request of a call; UsageError where its options contradict each other."""
    project = enter(context)
    if options.get("log_file"):
        log = LogFile(options["log_file"])
        log.begin(task.replace("_", "-"), datetime.now().astimezone())
        streams.add_log(log.stream)
    for other in ("verbose", "json"):
        if options.get("quiet") and options.get(other):
            raise UsageError(f"--quiet does not go with --{other}")
    cfg = read_ansible_cfg(project.root)
    for text in cfg.warnings:
        write_beside(f"WARNING: {text}")
    settled = settle(options, cfg)
    roles = settled.pop("roles_path", ())
    inventory = settled.pop("inventory", None) or (str(project.inventory),)
    settled.pop("become_method", None)
    kept = {name: value for name, value in options.items() if name not in BY_OPTION}
    project = replace(project, roles_path=roles)
    return Request(**{**kept, **settled, "inventory": inventory, "project": project})


def require_inventory(request: Request) -> None:
    """InventoryError with what to do, where no inventory is named and the usual one is not
    there."""
    usual = request.project.inventory
    if request.inventory == (str(usual),) and not os.path.lexists(usual):
        remedy = f"name yours with -i; `{invocation('init DIR')}` makes a directory with one"
        raise InventoryError("there is no inventory here", Where(str(usual)), remedy)


def _help(name: str) -> str:
    """An option's help, with the variable that is read where the option is not given."""
    text, setting = str(OPTIONS[name].metadata["help"]), BY_OPTION.get(name)
    return f"{text} (or {setting.variable})" if setting and setting.variable else text


def _default(name: str) -> Any:
    """An option's default as Invoke wants it: a list for one that may be given several times.

    A setting has none, so that the environment and ansible.cfg are asked where it is not given.
    """
    default = OPTIONS[name].default
    if isinstance(default, tuple):
        return [] if name in BY_OPTION else list(default)
    return "" if name in BY_OPTION and not isinstance(default, bool) else default


def words(text: str) -> frozenset[str]:
    """The words of a comma-separated option."""
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def ask_password(prompt: str) -> str:
    """A password from the terminal; never from a pipe, where it would be read from what is meant
    for something else."""
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
