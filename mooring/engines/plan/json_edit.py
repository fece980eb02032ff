"""Edits of daemon.json's text that leave everything else of it as it is: order, indentation, the
operator's entries.

What is added goes behind what is there, and taking it away again gives the text back as it was.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from mooring.engines.docker import daemon_json
from mooring.engines.plan.line_end import line_end

DECODER = json.JSONDecoder()
LINE = re.compile(r"\r?\n[^\n]*$")
BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Span:
    """A value's place in the text; `lead` is the white space before it, `at` where a
    member's key begins."""

    at: int
    start: int
    end: int
    lead: str
    key: str = ""
    colon: str = ": "


@dataclass(frozen=True)
class Container:
    """An object or a list: where its brackets are, and what it holds."""

    opened: int
    closed: int
    parts: tuple[Span, ...]

    def of(self, key: str) -> Span | None:
        """The member of that key; the last one counts."""
        return next((part for part in reversed(self.parts) if part.key == key), None)


def scan(text: str, at: int = 0) -> Container:
    """What the object or list that begins at `at` holds; the text is known to be JSON."""
    opened = _skip(text, at)
    is_object = text[opened] == "{"
    parts: list[Span] = []
    end = opened + 1
    while text[(begin := _skip(text, end))] not in "]}":
        lead, start, key, colon = text[end:begin], begin, "", ""
        if is_object:
            key, after = DECODER.raw_decode(text, begin)
            start = _skip(text, _skip(text, after) + 1)
            colon = text[after:start]
        _, stop = DECODER.raw_decode(text, start)
        parts.append(Span(begin, start, stop, lead, key, colon))
        end = _skip(text, stop)
        end = end + 1 if text[end] == "," else end
    return Container(opened, begin, tuple(parts))


def is_empty_text(text: str | None) -> bool:
    """Whether there is nothing to read: no file, or a blank one."""
    return not _bare(text)


def is_object(text: str | None) -> bool:
    """Whether the file begins with {…}, whatever follows."""
    return _bare(text).startswith("{")


def is_empty(text: str | None) -> bool:
    """Whether the file says nothing: none at all, blank, null, or without a key."""
    return not tail(text) and (_bare(text) in ("", "null") or has_no_key(text))


def has_no_key(text: str | None) -> bool:
    """Whether the file is `{}` with anything around it."""
    return is_object(text) and not scan(_bare(text)).parts


def tail(text: str | None) -> str:
    """What stands behind the braces, which engines before 23.0 do not look at."""
    bare = _bare(text)
    return bare[scan(bare).closed + 1 :].strip() if is_object(text) else ""


def elements(text: str, key: str) -> list[Any]:
    """What the key's list holds; nothing where there is no such list."""
    member = _top(text).of(key)
    value = json.loads(text[member.start : member.end]) if member else None
    return value if isinstance(value, list) else []


def put(text: str | None, key: str, value: Any) -> str:
    """The text with the key set to this value: in its place where it stands, else at the end."""
    if text is None or is_empty(text):
        return f"{{{_only(key, value, line_end(text))}}}{line_end(text)}"
    top = _top(text)
    member = top.of(key)
    if member:
        return text[: member.start] + _drawn(value, member.lead) + text[member.end :]
    if not top.parts:
        return text[: top.opened + 1] + _only(key, value, line_end(text)) + text[top.closed :]
    last = top.parts[-1]
    lead = _lead(top)
    added = f",{lead}{_quoted(key)}{last.colon}{_drawn(value, lead)}"
    return text[: last.end] + added + text[last.end :]


def restore(text: str, key: str, was: str | None) -> str:
    """The text with the key's value as it was written once, or without the key
    where there was none."""
    member = _top(text).of(key)
    if member is None or was is None:
        return drop(text, key)
    return text[: member.start] + was + text[member.end :]


def drop(text: str, key: str) -> str:
    """The text without the key; where it was the last one, `{}` stays."""
    top = _top(text)
    member = top.of(key)
    return text if member is None else _without(text, top, top.parts.index(member))


def append(text: str, key: str, entries: tuple[str, ...]) -> str:
    """The text with these entries behind those of the key's list, which has some."""
    for entry in entries:
        elements = _list(text, key)
        end = elements.parts[-1].end
        text = f"{text[:end]},{_lead(elements)}{_quoted(entry)}{text[end:]}"
    return text


def remove(text: str, key: str, entries: tuple[str, ...]) -> str:
    """The text without these entries of the key's list."""
    if not entries:
        return text
    listed = _list(text, key)
    parts = listed.parts
    kept = [at for at, part in enumerate(parts) if json.loads(text[part.start : part.end]) not in entries]
    if len(kept) == len(parts):
        return text
    if not kept:
        return text[: listed.opened + 1] + text[listed.closed :]
    first, *others = kept
    pieces = [text[: parts[0].at], text[parts[first].at : parts[first].end]]
    pieces += [text[parts[at - 1].end : parts[at].end] for at in others]
    return "".join([*pieces, text[parts[-1].end :]])


def value_text(text: str, key: str) -> str:
    """The key's value as it is written."""
    member = _top(text).of(key)
    return text[member.start : member.end] if member else ""


def count(text: str | None, key: str) -> int:
    """How often the key stands at the top of the file."""
    if text is None or not is_object(text):
        return 0
    return sum(part.key == key for part in _top(text).parts)


def _list(text: str, key: str) -> Container:
    member = _top(text).of(key)
    assert member is not None
    return scan(text, member.start)


def _without(text: str, container: Container, number: int) -> str:
    parts = container.parts
    if number:
        return text[: parts[number - 1].end] + text[parts[number].end :]
    if len(parts) > 1:
        return text[: parts[0].at] + text[parts[1].at :]
    return text[: container.opened + 1] + text[container.closed :]


def _lead(container: Container) -> str:
    """What stands before a part more: as before the last one, but no empty lines."""
    lead = container.parts[-1].lead
    if not lead and len(container.parts) == 1:
        return " "
    line = LINE.search(lead)
    return line.group() if line else lead


def _drawn(value: Any, lead: str) -> str:
    """A value in the file's own manner: on lines of their own where the keys are."""
    if not isinstance(value, (list, tuple)) or "\n" not in lead or not value:
        return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    indent = lead[lead.rindex("\n") + 1 :]
    inner = f"{lead}{indent or '  '}"
    return "[" + ",".join(f"{inner}{_quoted(item)}" for item in value) + f"{lead}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _only(key: str, value: Any, end: str) -> str:
    """What stands between the braces of an object with this key alone."""
    return f"{end}  {_quoted(key)}: {_drawn(value, f'{end}  ')}{end}"


def _bare(text: str | None) -> str:
    """The text without what engines take around the braces."""
    return (text or "").removeprefix(daemon_json.BOM).strip(daemon_json.BLANK)


def _top(text: str) -> Container:
    """The file's own object."""
    bare = text.removeprefix(daemon_json.BOM)
    return scan(text, len(text) - len(bare.lstrip(daemon_json.BLANK)))


def _skip(text: str, at: int) -> int:
    blank = BLANK.match(text, at)
    return blank.end() if blank else at
