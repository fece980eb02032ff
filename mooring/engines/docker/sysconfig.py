"""EnvironmentFiles as systemd reads them, which is not as a shell does (source:
`parse_env_file_internal`).

Before systemd 254 a backslash at a comment's end takes the next line into the comment; since then
it does not. The older rule counts here: a line that only some hosts read is not to be built on.

Old ones (219, of Red Hat's engine) take a backslash in quotes of both kinds as they do
outside of quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mooring.engines.origin import Origin, Placed

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
BLANK = " \t\r"
COMMENT = re.compile(r"(?:\\(?:.|\Z)|[^\\\r\n])*", re.DOTALL)


@dataclass
class Variables:
    """What a file assigns; `ignored` are the lines that a shell may understand, but systemd
    drops."""

    values: dict[str, Placed] = field(default_factory=dict)
    ignored: list[Placed] = field(default_factory=list)


def parse(text: str, path: str, is_old: bool = False) -> Variables:
    """The assignments of an EnvironmentFile; a later one of the same name wins. `is_old`: as
    systemd 219 has it."""
    variables, at, line, counted = Variables(), 0, 1, 0
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        end = _line_end(text, at)
        head = text[at:end]
        bare = head.lstrip(BLANK)
        if not bare or bare[0] in "#;":
            at = _comment_end(text, end - len(bare)) + 1
            continue
        name, equals, _ = head.partition("=")
        if not equals:
            variables.ignored.append(Placed(head.strip(), Origin(path, line)))
            at = end + 1
            continue
        value, at = _value(text, at + len(name) + 1, is_old)
        if NAME.match(name.strip()):
            variables.values[name.strip()] = Placed(value, Origin(path, line))
        else:
            variables.ignored.append(Placed(head.strip(), Origin(path, line)))
    return variables


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _comment_end(text: str, at: int) -> int:
    """Where the comment that begins at `at` ends, with the lines that its backslashes take in."""
    comment = COMMENT.match(text, at)
    return comment.end() if comment else at


def _value(text: str, at: int, is_old: bool) -> tuple[str, int]:
    """The value that begins at `at`, and where the next line begins.

    Quotes count at the value's beginning and right behind a quoted part; elsewhere they
    are plain characters, and so is a #. A backslash takes the next character as it is, or
    joins the next line.
    """
    parts: list[str] = []
    while at < len(text) and text[at] != "\n":
        if text[at] in BLANK:
            at += 1
        elif text[at] in "'\"":
            part, at = _quoted(text, at, is_old)
            parts.append(part)
        else:
            part, at = _bare(text, at)
            parts.append(part)
    return "".join(parts), at + 1


def _quoted(text: str, at: int, is_old: bool) -> tuple[str, int]:
    quote, at, taken = text[at], at + 1, []
    while at < len(text) and text[at] != quote:
        if text[at] == "\\" and (is_old or quote == '"') and at + 1 < len(text):
            at += 1
            if is_old and text[at] not in "\r\n":
                taken.append(text[at])
            elif not is_old and text[at] != "\n":
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
