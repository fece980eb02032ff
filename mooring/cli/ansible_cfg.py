"""ansible.cfg beside tasks.py: the keys that mean something here, each with its place;
the others by name.

Mooring has no format of its own. `ANSIBLE_CONFIG` and the files in the home directory and /etc are
not looked for: what a run does is to be seen in its directory.
"""

from __future__ import annotations

import configparser
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mooring.errors import SourceError, Where
from mooring.files.reading import LARGEST_SETTING, read_text

NAME = "ansible.cfg"
KEYS = frozenset(
    {
        *(("defaults", key) for key in ("inventory", "forks", "timeout", "remote_user", "roles_path")),
        *(("defaults", key) for key in ("connection_password_file", "become_password_file")),
        *(("privilege_escalation", key) for key in ("become", "become_user", "become_method", "become_ask_pass")),
    }
)
SECTION = re.compile(r"\[(?P<name>[^]]+)\]")
# Of keys that mean nothing here.
NAMED = 12


@dataclass(frozen=True)
class AnsibleCfg:
    """`values` by section and key, with their places; `folder` is what their paths are relative to.

    `warnings` say what of the file does not count.
    """

    folder: Path = Path()
    values: Mapping[tuple[str, str], tuple[str, Where]] | None = None
    warnings: tuple[str, ...] = ()

    def find(self, section: str, key: str) -> tuple[str, Where] | None:
        """A key's text and place; None where it is not there or empty."""
        value = (self.values or {}).get((section, key))
        return value if value and value[0] else None


def read_ansible_cfg(folder: Path) -> AnsibleCfg:
    """The file of a directory, or an empty one; SourceError with the line that is not valid."""
    path = folder / NAME
    if not path.exists():
        return AnsibleCfg(folder)
    if folder.stat().st_mode & stat.S_IWOTH:
        return AnsibleCfg(folder, warnings=(f"{path} is ignored: anybody may write to its directory",))
    text = read_text(path, LARGEST_SETTING)
    # As Ansible reads it. No section is handed down to the others.
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";",), default_section="\0")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise _explain(error, path, text) from None
    places = dict(_places(path, text))
    values, others = {}, []
    for section in parser.sections():
        for key, value in parser.items(section):
            if (section, key) in KEYS:
                values[section, key] = value, places.get((section, key), Where(str(path)))
            else:
                others.append(key if section == "defaults" else f"[{section}] {key}")
    return AnsibleCfg(folder, values, tuple(_warn(path, others)))


def _warn(path: Path, others: list[str]) -> Iterator[str]:
    if others:
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        yield f"{path}: these keys mean nothing here: {', '.join(others[:NAMED])}{more}"


def _places(path: Path, text: str) -> Iterator[tuple[tuple[str, str], Where]]:
    """Where each key stands: configparser does not say."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := SECTION.match(line):
            section = match["name"]
        elif line[:1].strip() and line[:1] not in "#;":
            key = re.split(r"[=:]", line, maxsplit=1)[0].strip().lower()
            yield (section, key), Where(str(path), number, 1, line)


def _explain(error: configparser.Error, path: Path, text: str) -> SourceError:
    number = getattr(error, "lineno", None) or next((at for at, _ in getattr(error, "errors", ())), 0)
    line = (text.splitlines()[number - 1 : number] or [""])[0]
    if isinstance(error, configparser.MissingSectionHeaderError):
        problem = "a line before the first section, such as [defaults]"
    elif isinstance(error, configparser.DuplicateOptionError):
        problem = f'"{error.option}" stands twice in [{error.section}]'
    elif isinstance(error, configparser.DuplicateSectionError):
        problem = f"[{error.section}] stands twice"
    else:
        problem = "neither a section nor key = value"
    return SourceError(problem, Where(str(path), number, 1, line) if number else Where(str(path)))
