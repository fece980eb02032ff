"""What an inventory is read from: files of YAML or INI, scripts, directories of these, lists of
hosts; one or several.

Which kind a file is, is decided as in Ansible: an executable program is a script, and otherwise the
contents tell.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mooring import source as yaml_source
from mooring.errors import InventoryError, SourceError, Where, on_one_line
from mooring.files.reading import check_file, read_bytes
from mooring.inventory.draft import Draft
from mooring.inventory.host_list import is_list, read_list
from mooring.inventory.ini_file import SECTION, read_ini
from mooring.inventory.ini_text import decode
from mooring.inventory.script import read_script
from mooring.inventory.yaml_file import REMEDY, names_groups, read_groups
from mooring.source import Node
from mooring.templating.templar import Templar

# Ansible reads YAML from files so named, and from those without an ending.
YAML_NAMES = ("", ".yml", ".yaml", ".json")
# What Ansible passes over in a directory of inventories.
_IGNORED = re.compile(
    r"^\.|^(?:host_vars|group_vars|vars_plugins)$"
    r"|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry)|~)$"
)
_SECTION_LINE = re.compile(rf"^[ \t]*{SECTION.pattern}$", re.MULTILINE)
_MAPPING_LINE = re.compile(r"^(?:---|\{|[^#;=\n]*:[ \t\r]*$|[^#;=\"'\s]+:[ \t]+\{)", re.MULTILINE)
_FIRST_LINE = re.compile(r"^[ \t]*[^#;\s].*$", re.MULTILINE)


def read_sources(sources: Sequence[str], templar: Templar) -> Draft:
    """What all sources say, later ones winning; InventoryError with the place of the first
    mistake."""
    draft = Draft()
    try:
        has_content = [_read_source(source, draft, templar) for source in sources]
        draft.order()
    except InventoryError:
        raise
    except SourceError as error:
        raise InventoryError(error.message, error.where, error.hint) from None
    if not any(has_content):
        raise InventoryError("the inventory is empty", Where(sources[0]) if sources else None)
    for name in draft.groups:
        if name in draft.hosts and (draft.groups[name].children or draft.groups[name].hosts.keys() - {name}):
            message = f'a group with other hosts and a host are both called "{name}": patterns mean the host'
            draft.warnings.append(message)
    return draft


def find_place(source: str) -> Path | None:
    """The directory that group_vars/ and host_vars/ of a source stand in; None for a list of
    hosts."""
    if is_list(source):
        return None
    return Path(source) if os.path.isdir(source) else Path(source).parent


def _read_source(source: str, draft: Draft, templar: Templar) -> bool:
    """Add what one source says; False where it says nothing."""
    if is_list(source):
        draft.source = None
        read_list(source, draft)
        return True
    has_content = [_read_file(path, draft, templar) for path in _walk(source, ())]
    return any(has_content)


def _walk(path: str, above: tuple[str, ...]) -> Iterator[str]:
    """The files of a source; `above` are the directories on the way to it, as links resolve."""
    if not os.path.isdir(path):
        yield path
        return
    whole = os.path.realpath(path)
    if whole in above:
        raise InventoryError("the directory holds itself, by a link", Where(path))
    try:
        names = sorted(name for name in os.listdir(path) if not _IGNORED.search(name))
    except OSError as error:
        raise InventoryError(f"cannot be read: {error.strerror}", Where(path)) from None
    if not names and not above:
        remedy = "files that end in .cfg, .txt, .md and the like are passed over, group_vars/ and host_vars/ too"
        raise InventoryError("no inventory is in this directory", Where(path), remedy)
    for name in names:
        yield from _walk(os.path.join(path, name), (*above, whole))


def _read_file(path: str, draft: Draft, templar: Templar) -> bool:
    """Add what a script or a file says; False where it says nothing."""
    check_file(path)
    draft.source = program = os.path.abspath(path)
    is_executable = os.access(path, os.X_OK)
    if is_executable:
        try:
            return read_script(program, path, draft)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise _explain_start(path, error) from None
    try:
        return _read_contents(path, draft, templar)
    except SourceError as error:
        if is_executable:
            error.hint = "it is executable, but no program: begin it with #!, or take that right away by chmod -x"
        elif read_bytes(path).startswith(b"#!"):
            error.hint = "a script must be executable: chmod +x"
        raise


def _explain_start(path: str, error: OSError) -> InventoryError:
    first = read_bytes(path).partition(b"\n")[0][:200].decode("utf-8", "replace")
    if first.startswith("#!") and error.errno == errno.ENOENT:
        remedy = f"its first line names {on_one_line(first[2:].strip())}: is that there?"
    else:
        remedy = "a file that is not a program must not be executable: chmod -x"
    return InventoryError(f"the inventory script cannot be started: {error.strerror}", Where(path), remedy)


def _read_contents(path: str, draft: Draft, templar: Templar) -> bool:
    """YAML where the root is a mapping, otherwise INI; where it is neither, the likelier one's
    mistake is told."""
    data, ending = read_bytes(path), Path(path).suffix
    if ending == ".toml":
        raise InventoryError("TOML inventories are not read", Where(path), REMEDY.format(on_one_line(path)))
    if data.startswith(b"$ANSIBLE_VAULT;"):
        raise InventoryError("files of ansible-vault are not read", Where(path), "decrypt it with ansible-vault")
    text = decode(data, path)
    root: Node | SourceError | None = None
    if ending in YAML_NAMES and not _begins_with_bracket(text):
        root = _read_yaml(text, path)
        # A host with `note="one: two"` is a mapping for YAML.
        if isinstance(root, Node) and (ending or names_groups(root) or _is_rather_yaml(text, ending)):
            read_groups(root, draft, templar)
            return True
    try:
        return read_ini(text, path, draft, templar)
    except InventoryError as error:
        if isinstance(root, SourceError) and _is_rather_yaml(text, ending):
            raise root from None
        if root is None and not _begins_with_bracket(text) and _MAPPING_LINE.search(text):
            error.hint = "a file of YAML is named .yml, .yaml or .json"
        raise


def _read_yaml(text: str, path: str) -> Node | SourceError | None:
    """The mapping in a text, or why there is none; None where the text is empty."""
    try:
        root = yaml_source.parse(text, path)
    except SourceError as error:
        return error
    if root is None or root.is_mapping:
        return root
    return InventoryError("an inventory is a mapping of groups", root.where, "or an INI file with sections [group]")


def _begins_with_bracket(text: str) -> bool:
    """Whether it can only be INI: no mapping begins so."""
    first = _FIRST_LINE.search(text)
    return first is not None and first[0].lstrip().startswith("[")


def _is_rather_yaml(text: str, ending: str) -> bool:
    """Which of the two a file that is neither was meant to be."""
    return not _SECTION_LINE.search(text) and (bool(ending) or bool(_MAPPING_LINE.search(text)))
