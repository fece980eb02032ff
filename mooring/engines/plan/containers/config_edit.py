"""The one line of containerd's config.toml that Mooring needs: where hosts.toml is looked for.

The text is edited by lines, so that comments and order stay; whether the line does what it should
is seen by reading the new text again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mooring.engines.containerd.config import CERTIFICATES, Effective, main_path, plugin_of
from mooring.engines.plan.line_end import line_end
from mooring.engines.plan.refusal import Refusal
from mooring.engines.toml import get, parse

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


@dataclass(frozen=True)
class Edit:
    """One piece of a text in place of another: `old` is None where there was no file at all."""

    path: str
    text: str | None
    at: int = 0
    old: str | None = ""
    new: str = ""

    @property
    def made(self) -> str | None:
        """The text with the new piece."""
        if not self.new:
            return self.text
        text, old = self.text or "", self.old or ""
        return text[: self.at] + self.new + text[self.at + len(old) :]


def put(before: Effective) -> Edit:
    """The line where it belongs; nothing where config_path is set already."""
    path = before.registry.get("config_path")
    place = path.origin if path is not None else None
    name = place.path if place is not None and place.line else _last(before)
    text = before.texts.files.get(name)
    if path is not None and path.value:
        return Edit(name, text)
    end = line_end(text)
    if text is None or not text.strip():
        version = 3 if before.engine.is_at_least(2) else 2
        table = _table(plugin_of(parse(f"version = {version}", ""), before.engine), end)
        mark = MARK if text is None else f"{MARK} (was empty)"
        return Edit(name, text, 0, text, f"version = {version}  {mark}{end}{end}{table}")
    lines = re.findall(r".*\n|.+", text)
    if place is not None and place.line and EMPTY.match(lines[place.line - 1]):
        return _in_place(name, text, lines, place.line - 1)
    file = parse(text, name)
    plugin = plugin_of(file, before.engine)
    number = file.origin("plugins", plugin, "registry").line
    if number and get(parse(lines[number - 1], "").values, "plugins", plugin, "registry") == {}:
        above = "".join(lines[:number])
        new = f"  {LINE}{end}" if above.endswith("\n") else f"{end}  {LINE}"
        return Edit(name, text, len(above), "", new)
    return Edit(name, text, len(text), "", f"{'' if text.endswith(chr(10)) else end}{end}{_table(plugin, end)}")


def _last(before: Effective) -> str:
    """The file that counts: containerd 1.x replaces a plugin's whole section by
    that of a later file."""
    known = [
        file.path
        for file in before.files
        if not before.engine.is_at_least(2) and get(file.values, "plugins", plugin_of(file, before.engine)) is not None
    ]
    return known[-1] if known else main_path(before.texts)


def _in_place(name: str, text: str, lines: list[str], number: int) -> Edit:
    """An empty config_path gets its value; what is behind it on its line comes back when
    Mooring's line goes."""
    old = lines[number].rstrip("\r\n")
    indent = old[: len(old) - len(old.lstrip())]
    return Edit(name, text, len("".join(lines[:number])), old, f"{indent}{LINE} (was empty)")


def take(text: str, known: tuple[str | None, str] | None = None) -> str | None:
    """The text without Mooring's line; None where nothing but that was in the file.

    `known` is what stood there before, and what Mooring wrote. Where somebody has changed that
    since, the marks tell.
    """
    if known and text.count(known[1]) == 1:
        left = text.replace(known[1], known[0] or "")
        if not left.strip() or not known[1].startswith("version"):
            return None if known[0] is None and not left else left
    text = re.sub(rf'(?m)^([ \t]*)config_path = "[^"]*"  {MARK} \(was empty\)(?=\r?$)', r'\1config_path = ""', text)
    text = re.sub(rf"(?m)(?:\r?\n)?^\[plugins\..*\]  {MARK}\r?\n  config_path = .*  {MARK}(?:\r?\n)?", "", text)
    text = re.sub(rf"(?m)^[ \t]*config_path = .*  {MARK}(?:\r?\n)?", "", text)
    whole = re.fullmatch(rf"version = [23]  {MARK}( \(was empty\))?\s*", text)
    return text if whole is None else "" if whole.group(1) else None


def has_ours(text: str | None) -> bool:
    return text is not None and MARK in text


def _table(plugin: str, end: str) -> str:
    name = f'"{plugin}"' if "." in plugin else plugin
    return f"[plugins.{name}.registry]  {MARK}{end}  {LINE}{end}"
