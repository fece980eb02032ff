"""Edits of the assignments in /etc/sysconfig/docker; comments, quotes and the order of flags stay
as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mooring.engines.docker import sysconfig
from mooring.engines.origin import Placed
from mooring.engines.plan.line_end import END, line_end

# Quoted or bare. Anything else is not ours to touch: an open quote, a backslash, or a comment
# behind the value, which systemd takes for a part of it.
SAFE = re.compile(r"""'([^'\\]*)'|"([^"\\]*)"|([^\s'"\\#]*)""")


# A flag stands at the beginning or behind blanks; all of them, so that no run of blanks is looked
# at again and again.
BEFORE = r"(?:^|(?<![ \t])[ \t]+)"


@dataclass(frozen=True)
class Assignment:
    """A variable's last assignment, which counts; `raw` is what stands behind the equals sign,
    quotes and all."""

    variable: str
    start: int
    end: int
    line: str
    raw: str

    @property
    def value(self) -> str:
        match = SAFE.fullmatch(self.raw)
        return next((part for part in match.groups() if part is not None), "") if match else ""


def find(text: str, variable: str) -> Assignment | None:
    """The assignment that counts, for systemd and for the shell; None where there is none."""
    at, last = 0, None
    for line in text.split("\n"):
        if line.lstrip(" \t").startswith(f"{variable}="):
            last = at, line.removesuffix("\r")
        at += len(line) + 1
    if last is None:
        return None
    start, line = last
    raw = line[line.index("=") + 1 :].rstrip(" \t")
    return Assignment(variable, start, start + len(line), line, raw)


def is_safe(text: str, variable: str) -> bool:
    """Whether the value can be kept whole: one line, one pair of quotes, and systemd sees the
    same."""
    assignment, read = find(text, variable), _as_read(text, variable)
    if assignment is None or read is None:
        return assignment is None and read is None
    number = text.count("\n", 0, assignment.start) + 1
    return bool(SAFE.fullmatch(assignment.raw)) and read.text == assignment.value and read.origin.line == number


def holds(text: str, variable: str, values: tuple[str, ...]) -> bool:
    """Whether any of these stands in the variable as systemd reads it, however it is written."""
    read = _as_read(text, variable)
    return read is not None and any(value in read.text for value in values)


def entries(text: str, variable: str, flag: str) -> list[str]:
    """The flag's values in the variable."""
    assignment = find(text, variable)
    return re.findall(rf"(?<!\S){flag}(?:=|[ \t]+)([^\s-]\S*)", assignment.value) if assignment else []


def edit(text: str, variable: str, flag: str, gone: tuple[str, ...], added: tuple[str, ...]) -> str:
    """The text with entries taken out of the variable, and others put at its end; a
    missing line is made."""
    assignment = find(text, variable)
    if assignment is None:
        return _with_line(text, variable, f"{variable}='{_flags(flag, added)}'") if added else text
    value = assignment.value
    for entry in gone:
        value = re.sub(rf"{BEFORE}{flag}(?:=|[ \t]+){re.escape(entry)}(?=\s|$)", "", value)
    if added:
        # A flag without its value would swallow the one behind it.
        value = re.sub(rf"{BEFORE}{flag}=?(?=\s+-|\s*$)", "", value).rstrip()
        value = f"{value} {_flags(flag, added)}"
    if value != assignment.value:
        value = value.lstrip()
    elif not added:
        return text
    quote = '"' if assignment.raw.startswith('"') else "'"
    head = assignment.line[: assignment.line.index("=") + 1]
    tail = assignment.line[len(head) + len(assignment.raw) :]
    return text[: assignment.start] + f"{head}{quote}{value}{quote}{tail}" + text[assignment.end :]


def put_back(text: str, variable: str, before: str | None) -> str:
    """The text with the variable's line as it was, or without it where there was none."""
    assignment = find(text, variable)
    if assignment is None:
        return text
    if before is not None:
        return text[: assignment.start] + before + text[assignment.end :]
    end = END.match(text, assignment.end)
    if end:
        return text[: assignment.start] + text[end.end() :]
    return re.sub(r"\r?\n\Z", "", text[: assignment.start])


def _flags(flag: str, values: tuple[str, ...]) -> str:
    return " ".join(f"{flag} {value}" for value in values)


def _as_read(text: str, variable: str) -> Placed | None:
    """What systemd of CentOS 7 makes of the variable."""
    return sysconfig.parse(text, "", is_old=True).values.get(variable)


def _with_line(text: str, variable: str, line: str) -> str:
    """The line goes behind the comment that shows how to write it, else to the end.

    A comment with a backslash at its end takes in the next line; a line that would be lost so goes
    to the beginning.
    """
    comments = list(re.finditer(rf"(?m)^#[ \t]*{variable}=.*\n?", text))
    ends = [comment.end() for comment in comments[-1:]]
    places = [_inserted(text, at, line) for at in (*ends, len(text), 0)]
    return next((candidate for candidate in places if _as_read(candidate, variable)), places[-1])


def _inserted(text: str, at: int, line: str) -> str:
    above, end = text[:at], line_end(text)
    is_open = above and not above.endswith("\n")
    return f"{above}{end}{line}{text[at:]}" if is_open else f"{above}{line}{end}{text[at:]}"
