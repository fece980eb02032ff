"""What an option is where the command line does not give it: a variable MOORING_…, else
ansible.cfg, else the default.

This is the one place that knows the order. Ansible's own variables (ANSIBLE_…) are not read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.cli.ansible_cfg import AnsibleCfg
from mooring.errors import SourceError, UsageError, Where

YES = frozenset({"1", "on", "t", "true", "y", "yes"})
NO = frozenset({"0", "off", "f", "false", "n", "no"})
USER = re.compile(r"[^\s:/]+")
NUMBER = re.compile(r"[0-9]{1,6}")


class Wrong(Exception):
    """A text is not a value that a setting takes; says what it takes."""


@dataclass(frozen=True)
class Setting:
    """An option, its key in ansible.cfg and the kind of its values; `has_variable`: MOORING_… and
    its name is read too.

    A parser takes the text and the directory that paths are relative to.
    """

    option: str
    section: str
    parse: Callable[[str, Path], Any]
    has_variable: bool = False
    key: str = ""

    @property
    def variable(self) -> str:
        """The variable of the environment."""
        return f"MOORING_{self.option.upper()}" if self.has_variable else ""


def _number(text: str, folder: Path) -> int:
    if not NUMBER.fullmatch(text.strip()) or not int(text):
        raise Wrong("a whole number from 1 on")
    return int(text)


def _truth(text: str, folder: Path) -> bool:
    word = text.strip().lower()
    if word not in YES | NO:
        raise Wrong("yes or no")
    return word in YES


def _user(text: str, folder: Path) -> str:
    if not USER.fullmatch(text):
        raise Wrong("the name of a user")
    return text


def _sudo(text: str, folder: Path) -> str:
    if text != "sudo":
        raise Wrong("sudo, the only way to become another user here")
    return text


def _path(text: str, folder: Path) -> str:
    """A path as Ansible reads it, with `~` and $NAME replaced."""
    return str(folder / os.path.expanduser(os.path.expandvars(text.strip())))


def _inventories(text: str, folder: Path) -> tuple[str, ...]:
    """Paths with commas between them; a comma at the end makes a list of hosts of it, as on the
    command line."""
    if text.rstrip().endswith(","):
        return (text.strip(),)
    return tuple(_path(part, folder) for part in text.split(",") if part.strip())


def _folders(text: str, folder: Path) -> tuple[Path, ...]:
    return tuple(Path(_path(part, folder)) for part in text.split(":") if part.strip())


SETTINGS = (
    Setting("inventory", "defaults", _inventories, has_variable=True),
    Setting("forks", "defaults", _number, has_variable=True),
    Setting("timeout", "defaults", _number, has_variable=True),
    Setting("connection_password_file", "defaults", _path, has_variable=True),
    Setting("become_password_file", "defaults", _path, has_variable=True),
    Setting("remote_user", "defaults", _user),
    Setting("roles_path", "defaults", _folders),
    Setting("become", "privilege_escalation", _truth),
    Setting("become_user", "privilege_escalation", _user),
    Setting("become_method", "privilege_escalation", _sudo),
    Setting("ask_become_pass", "privilege_escalation", _truth, key="become_ask_pass"),
)
BY_OPTION = {setting.option: setting for setting in SETTINGS}
# Two ways to say one thing: where the first is given nearer to the command line, the second does
# not count.
RIVALS = {"connection_password_file": "ask_pass", "become_password_file": "ask_become_pass"}


def settle(options: Mapping[str, Any], cfg: AnsibleCfg, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The value of every setting that has one, by its option's name.

    `options` are the options of the command line; what it does not give is None, or empty.
    UsageError (or SourceError with the line of ansible.cfg) where a value is of the wrong kind, or
    two given options contradict each other.
    """
    ranked = {setting.option: _find(setting, options, cfg, environment) for setting in SETTINGS}
    values = {option: (rank, value) for option, (rank, value) in ranked.items() if value is not None}
    for file, question in RIVALS.items():
        if options.get(question):
            values[question] = (0, True)
        if file not in values or question not in values or not values[question][1]:
            continue
        if values[file][0] == values[question][0] == 0:
            raise UsageError(f"--{file} and --{question} are two ways to give one password".replace("_", "-"))
        del values[question if values[file][0] <= values[question][0] else file]
    return {option: value for option, (_, value) in values.items()}


def _find(
    setting: Setting, options: Mapping[str, Any], cfg: AnsibleCfg, environment: Mapping[str, str]
) -> tuple[int, Any]:
    """A setting's value with its rank: 0 the command line, 1 the environment, 2 ansible.cfg; None
    where nobody says."""
    value = options.get(setting.option)
    if value not in (None, "", [], (), False):
        return 0, _parse_given(setting, value)
    text = environment.get(setting.variable, "").strip() if setting.has_variable else ""
    if text:
        return 1, _parse(setting, text, Path(), setting.variable)
    key = setting.key or setting.option
    if line := cfg.find(setting.section, key):
        return 2, _parse(setting, line[0], cfg.folder, line[1], key)
    return 3, None


def _parse_given(setting: Setting, value: Any) -> Any:
    """Numbers are checked here, so that they are told in our words; the rest is as
    the option has it."""
    flag = f"--{setting.option.replace('_', '-')}"
    return _parse(setting, value, Path(), flag) if setting.parse is _number and isinstance(value, str) else value


def _parse(setting: Setting, text: str, folder: Path, where: str | Where, key: str = "") -> Any:
    try:
        return setting.parse(text, folder)
    except Wrong as error:
        if isinstance(where, Where):
            raise SourceError(f'{key} is "{text}"', where, f"it takes {error}") from None
        raise UsageError(f'{where} is "{text}": it takes {error}') from None
