"""Variables as the inventory writes them: `vars:` mappings, and the files of
group_vars/ and host_vars/."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from mooring import source
from mooring.errors import InventoryError, SourceError, Where
from mooring.source import Node
from mooring.templating.templar import Templar

EXTENSIONS = (".yml", ".yaml", ".json")

# What Ansible's connections and become read. A name that is close to one of these is a misspelling.
_CONNECTION_VARIABLES = """
    ansible_become ansible_become_exe ansible_become_flags ansible_become_method ansible_become_pass
    ansible_become_password ansible_become_user ansible_connection ansible_connection_timeout ansible_group_priority
    ansible_host ansible_host_key_checking ansible_network_os ansible_password ansible_pipelining ansible_port
    ansible_private_key_file ansible_python_interpreter ansible_remote_port ansible_remote_tmp
    ansible_scp_extra_args ansible_scp_if_ssh ansible_sftp_batch_mode ansible_sftp_extra_args
    ansible_shell_executable ansible_shell_type ansible_ssh_args ansible_ssh_common_args ansible_ssh_executable
    ansible_ssh_extra_args ansible_ssh_host ansible_ssh_host_key_checking ansible_ssh_pass ansible_ssh_password
    ansible_ssh_pipelining ansible_ssh_port ansible_ssh_private_key_file ansible_ssh_retries ansible_ssh_timeout
    ansible_ssh_transfer_method ansible_ssh_user ansible_sudo_pass ansible_timeout ansible_user
"""
KNOWN = frozenset(_CONNECTION_VARIABLES.split())


def read_vars(node: Node | None, subject: str, templar: Templar) -> dict[str, Any]:
    """A mapping of variables; bad names, misspelled connection variables and broken
    templates are errors."""
    if node is None or node.is_null:
        return {}
    if not node.is_mapping:
        raise InventoryError(f"{subject} must be a mapping of variables to values", node.where)
    read = {}
    for key, child in node.items():
        name = source.value(key)
        check_name(name, key)
        read[name] = value = source.value(child)
        check_templates(value, child, templar)
    return read


def check_name(name: Any, place: Node | Where) -> None:
    """Refuse what is not a name of a variable, and misspellings."""
    if not isinstance(name, str) or not name.isidentifier():
        message, hint = f'"{name}" is not the name of a variable', "letters, digits and underscores"
    elif hint := find_slip(name):
        message = f'unknown variable "{name}"'
    else:
        return
    raise InventoryError(message, place.where if isinstance(place, Node) else place, hint)


def find_slip(name: str) -> str:
    """The hint for a misspelled name, "" for any other."""
    if not name.startswith("ansible_") or name in KNOWN:
        return ""
    meant = _find_meant(name)
    return f'did you mean "{meant}"?' if meant else ""


def check_templates(value: Any, place: Node, templar: Templar) -> None:
    """Refuse a value with a template that cannot be compiled."""
    if isinstance(value, str):
        templar.check_all(value)
    elif isinstance(value, (dict, list)):
        templar.check_all(value, place.where)


@cache
def _find_meant(name: str) -> str:
    """The variable that a misspelled name means, "" for any other name."""
    return next(iter(difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.88)), "")


def load_folder(directory: Path, names: Iterable[str], templar: Templar) -> dict[str, dict[str, Any]]:
    """For each name what NAME, NAME.yml, NAME.yaml or NAME.json in a directory says; names without
    one are left out.

    NAME may be a directory of such files: they are read in the order of their
    names, later ones win.
    """
    try:
        there = frozenset(os.listdir(directory))
    except OSError:
        return {}
    return {name: load_vars(paths, templar) for name in names if (paths := _find_files(directory, name, there))}


def load_vars(paths: Iterable[Path], templar: Templar) -> dict[str, Any]:
    """The variables of some files, later ones winning."""
    read: dict[str, Any] = {}
    for path in paths:
        try:
            read.update(read_vars(source.load(path), str(path), templar))
        except InventoryError:
            raise
        except SourceError as error:
            raise InventoryError(error.message, error.where, error.hint) from None
    return read


def _find_files(directory: Path, name: str, there: frozenset[str]) -> list[Path]:
    """The files of a name; `there` is what the directory holds, so that it is not asked
    again for every host."""
    if name.partition("/")[0] not in there and not any(f"{name}{suffix}" in there for suffix in EXTENSIONS):
        return []
    files = [path for suffix in ("", *EXTENSIONS) if (path := directory / f"{name}{suffix}").exists()]
    if len(files) > 1:
        raise InventoryError(
            f"both {files[0].name} and {files[1].name} are there",
            Where(str(files[1])),
            "Ansible reads only the first",
        )
    return list(_walk(files[0], ())) if files else []


def _walk(path: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """The files in a directory and those below it; `above` are the directories on the
    way, as links resolve."""
    if not path.is_dir():
        yield path
        return
    whole = path.resolve()
    if whole in above:
        raise InventoryError("the directory holds itself, by a link", Where(str(path)))
    try:
        children = sorted(path.iterdir())
    except OSError as error:
        raise InventoryError(f"cannot be read: {error.strerror}", Where(str(path))) from None
    for child in children:
        if child.name.startswith(".") or child.name.endswith("~"):
            continue
        if (child.is_dir() and not child.suffix) or child.suffix in ("", *EXTENSIONS):
            yield from _walk(child, (*above, whole))
