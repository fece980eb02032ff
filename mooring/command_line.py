"""What the provisioning tasks take on the command line: one list of options for all of them."""

from __future__ import annotations

import getpass
import inspect
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from mooring import source
from mooring.errors import UsageError

# name, default (its type is the option's type; a list may be given several times), help
OPTIONS: tuple[tuple[str, Any, str], ...] = (
    ("inventory", "inventory.yml", "the inventory file, or a list of hosts with a comma"),
    ("limit", "", "only these hosts: a pattern as in `hosts:`, or @FILE"),
    ("tags", "", "only tasks with one of these tags (comma-separated)"),
    ("skip_tags", "", "no tasks with one of these tags"),
    ("extra_vars", [], "variables that win over all others: key=value, JSON, YAML or @FILE; may be repeated"),
    ("forks", 50, "how many hosts work at the same time"),
    ("check", False, "change nothing, predict what would change"),
    ("diff", False, "show what changes in files and states"),
    ("json", False, "one JSON event per line instead of text; the last is the recap"),
    ("verbose", False, "show ok and skipped tasks too, with what they return"),
    ("list_hosts", False, "only list the hosts"),
    ("list_tasks", False, "only list the tasks"),
    ("syntax_check", False, "only check the files"),
    ("detailed_exitcode", False, "with --check: exit status 8 when something would change"),
    ("accept_new_host_keys", False, "record the keys of hosts that are not known yet; changed keys are refused still"),
    ("ask_pass", False, "ask for the login password"),
    ("ask_become_pass", False, "ask for sudo's password"),
    ("timeout", 10, "seconds to wait for a connection"),
    ("debug", False, "show tracebacks"),
)


@dataclass(frozen=True)
class Request:
    """The options of one call, as given; each field is the option of its name."""

    inventory: str = "inventory.yml"
    limit: str = ""
    tags: str = ""
    skip_tags: str = ""
    extra_vars: tuple[str, ...] = ()
    forks: int = 50
    check: bool = False
    diff: bool = False
    json: bool = False
    verbose: bool = False
    list_hosts: bool = False
    list_tasks: bool = False
    syntax_check: bool = False
    detailed_exitcode: bool = False
    accept_new_host_keys: bool = False
    ask_pass: bool = False
    ask_become_pass: bool = False
    timeout: int = 10
    debug: bool = False


def takes_options(body: Callable[..., None]) -> Callable[..., None]:
    """Give an Invoke task all of OPTIONS; its body is called with (context, own arguments, request=Request)."""
    names = {name for name, _, _ in OPTIONS}

    @wraps(body)
    def task(context: Any, *own: Any, **given: Any) -> None:
        options = {name: given.pop(name) for name in names & set(given)}
        options["extra_vars"] = tuple(options.get("extra_vars") or ())
        body(context, *own, request=Request(**options), **given)

    parameters = [one for one in inspect.signature(body).parameters.values() if one.name != "request"]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default) for name, default, _ in OPTIONS
    ]
    task.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return task


def helps(**own: str) -> dict[str, str]:
    """The `help` of a task that takes OPTIONS and has options of its own."""
    return {**own, **{name: text for name, _, text in OPTIONS}}


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
        path, text = text[1:], _read(text[1:])
    elif not text.lstrip().startswith("{"):
        return _key_values(text)
    value = source.value(source.parse(text, path))
    if not isinstance(value, dict):
        raise UsageError(f"{path}: must be a mapping of variables")
    return value


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--extra-vars @{path}: {error.strerror}") from None


def _key_values(text: str) -> dict[str, Any]:
    """`a=1 b=two`: as in Ansible the values are strings."""
    try:
        pairs = [word.partition("=") for word in shlex.split(text)]
    except ValueError as error:
        raise UsageError(f"--extra-vars {text!r}: {error}") from None
    for name, equals, _ in pairs:
        if not equals or not name.isidentifier():
            raise UsageError(f'--extra-vars: "{name}{equals}" is no key=value')
    return {name: value for name, _, value in pairs}


def ask_password(prompt: str) -> str:
    """A password from the terminal; never from a pipe, where it would be read from what is meant for something else."""
    if not sys.stdin.isatty():
        raise UsageError(f"{prompt}: there is no terminal to ask on")
    return getpass.getpass(f"{prompt}: ")
