"""The one line of containerd's config.toml that Mooring needs: where hosts.toml is looked for.

The text is edited by lines, so that comments and order stay; whether the line does what it should is seen by reading
the new text again.
"""

from __future__ import annotations

import re

from mooring.daemon.containerd.config import CERTIFICATES, Effective, main_path, plugin_of
from mooring.daemon.plan.refusal import Refusal
from mooring.daemon.toml import parse

# On every line that is ours.
MARK = "# Mooring's"
LINE = f'config_path = "{CERTIFICATES}"  {MARK}'
EMPTY = re.compile(r"\s*config_path\s*=\s*(\"\"|'')\s*(#.*)?$")


def find_unfit(before: Effective) -> Refusal | None:
    """What keeps hosts.toml from being used."""
    old = before.registry.get("mirrors")
    if old is not None and before.table("mirrors"):
        return Refusal(
            f"{old.origin} sets mirrors, which go together with no config_path",
            "move them to hosts.toml below /etc/containerd/certs.d, set config_path, and take mirrors and configs "
            "out; or add the registry to mirrors by hand",
        )
    path = before.registry.get("config_path")
    if path is not None and ":" in str(path.value) and before.engine.is_at_least(2, 1):
        return Refusal(f"{path.origin} names several folders, which are ignored (containerd#12808)", "name one folder")
    return None


def root_of(before: Effective) -> str:
    """The folder that hosts.toml belongs into: the operator's, or the usual one."""
    path = before.registry.get("config_path")
    return before.config_paths[0] if path is not None and path.value and before.config_paths else CERTIFICATES


def put(before: Effective) -> tuple[str, str | None, str]:
    """(the file, its text now, its text with the line); both texts are the same where config_path is set already."""
    path = before.registry.get("config_path")
    place = path.origin if path is not None else None
    name = place.path if place is not None and place.line else main_path(before.texts)
    text = before.texts.files.get(name)
    if path is not None and path.value:
        return name, text, text or ""
    if text is None or not text.strip():
        version = 3 if before.engine.is_at_least(2) else 2
        table = _table(plugin_of(parse(f"version = {version}", ""), before.engine))
        mark = MARK if text is None else f"{MARK} (was empty)"
        return name, text, f"version = {version}  {mark}\n\n{table}"
    lines = text.splitlines(keepends=True)
    if place is not None and place.line and EMPTY.match(lines[place.line - 1]):
        indent = re.match(r"\s*", lines[place.line - 1])
        lines[place.line - 1] = f"{indent.group() if indent else ''}{LINE} (was empty)\n"
        return name, text, "".join(lines)
    file = parse(text, name)
    plugin = plugin_of(file, before.engine)
    header = file.origin("plugins", plugin, "registry").line
    if header and re.match(r"\s*\[[^\[].*\bregistry['\"]?\s*\]", lines[header - 1]):
        lines.insert(header, f"  {LINE}\n")
        return name, text, "".join(lines)
    end = "" if text.endswith("\n") else "\n"
    return name, text, f"{text}{end}\n{_table(plugin)}"


def take(text: str) -> str | None:
    """The text without Mooring's line; None where nothing but that was in the file."""
    text = re.sub(rf'(?m)^(\s*)config_path = "[^"]*"  {MARK} \(was empty\)$', r'\1config_path = ""', text)
    text = re.sub(rf"(?m)\n?^\[plugins\..*\]  {MARK}\n  config_path = .*  {MARK}\n?", "", text)
    text = re.sub(rf"(?m)^\s*config_path = .*  {MARK}\n?", "", text)
    whole = re.fullmatch(rf"version = [23]  {MARK}( \(was empty\))?\s*", text)
    return text if whole is None else "" if whole.group(1) else None


def has_ours(text: str | None) -> bool:
    return text is not None and MARK in text


def _table(plugin: str) -> str:
    name = f'"{plugin}"' if "." in plugin else plugin
    return f"[plugins.{name}.registry]  {MARK}\n  {LINE}\n"
