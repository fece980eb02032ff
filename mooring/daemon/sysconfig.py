"""EnvironmentFiles as systemd reads them, which is not as a shell does (source: `parse_env_file_internal`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mooring.daemon.origin import Origin, Placed

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
BLANK = " \t\r"


@dataclass
class Variables:
    """What a file assigns; `ignored` are the lines that a shell may understand, but systemd drops."""

    values: dict[str, Placed] = field(default_factory=dict)
    ignored: list[Placed] = field(default_factory=list)


def parse(text: str, path: str) -> Variables:
    """The assignments of an EnvironmentFile; a later one of the same name wins."""
    found, at = Variables(), 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        end = _line_end(text, at)
        head = text[at:end]
        if not head.strip() or head.lstrip()[0] in "#;":
            at = end + 1
            continue
        name, equals, _ = head.partition("=")
        if not equals:
            found.ignored.append(Placed(head.strip(), Origin(path, line)))
            at = end + 1
            continue
        value, at = _value(text, at + len(name) + 1)
        if NAME.match(name.strip()):
            found.values[name.strip()] = Placed(value, Origin(path, line))
        else:
            found.ignored.append(Placed(head.strip(), Origin(path, line)))
    return found


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _value(text: str, at: int) -> tuple[str, int]:
    """The value that begins at `at`, and where the next line begins.

    Quotes count at the value's beginning and right behind a quoted part; elsewhere they are plain characters, and so
    is a #. A backslash takes the next character as it is, or joins the next line.
    """
    parts: list[str] = []
    while at < len(text) and text[at] != "\n":
        if text[at] in BLANK:
            at += 1
        elif text[at] in "'\"":
            part, at = _quoted(text, at)
            parts.append(part)
        else:
            part, at = _bare(text, at)
            parts.append(part)
    return "".join(parts), at + 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    quote, at, taken = text[at], at + 1, []
    while at < len(text) and text[at] != quote:
        if text[at] == "\\" and quote == '"' and at + 1 < len(text):
            at += 1
            if text[at] != "\n":
                taken.append(text[at] if text[at] in '"\\`$' else "\\" + text[at])
        else:
            taken.append(text[at])
        at += 1
    return "".join(taken), at + 1


def _bare(text: str, at: int) -> tuple[str, int]:
    taken: list[str] = []
    while at < len(text) and text[at] != "\n":
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
            if text[at] != "\n":
                taken.append(text[at])
        else:
            taken.append(text[at])
        at += 1
    return "".join(taken).rstrip(BLANK), at
