"""The first line `#jinja2: lstrip_blocks: True` of a template: Jinja's settings for it, as
Ansible reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, TemplateSyntaxError

from mooring.python_syntax import parse_literal
from mooring.source import did_you_mean

HEADER = "#jinja2:"
_NEWLINES = ("\n", "\r\n", "\r")
_START_STRINGS = ("block_start_string", "variable_start_string", "comment_start_string")
_TEXTS = (*_START_STRINGS, "block_end_string", "variable_end_string", "comment_end_string")
_PREFIXES = ("line_statement_prefix", "line_comment_prefix")
_SWITCHES = ("trim_blocks", "lstrip_blocks", "keep_trailing_newline")
NAMES = (*_TEXTS, *_PREFIXES, *_SWITCHES, "newline_sequence")


def has_header(text: str) -> bool:
    """Whether the text's first line is such a header."""
    return text.startswith(HEADER)


def read(text: str, environment: Environment) -> tuple[str, dict[str, Any]]:
    """The text behind the header, and the settings; TemplateSyntaxError, of line 1,
    where they are wrong."""
    line, newline, rest = text.removeprefix(HEADER).partition("\n")
    if not newline:
        raise _mistake("a line must follow it")
    settings = dict(_read_pair(pair) for pair in line.split(","))
    starts = [settings.get(name, getattr(environment, name)) for name in _START_STRINGS]
    if len(set(starts)) < len(starts):
        raise _mistake("blocks, variables and comments must begin differently")
    return rest, settings


def _read_pair(pair: str) -> tuple[str, Any]:
    name, colon, text = pair.partition(":")
    name = name.strip()
    if not pair.strip():
        raise _mistake('settings are "name: value", with commas between them')
    if not colon:
        raise _mistake(f'"{name}" has no value', 'write "name: value"')
    if name not in NAMES:
        raise _mistake(f'there is no setting "{name}"', did_you_mean(name, NAMES))
    try:
        value = parse_literal(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise _mistake(f"the value of {name} is not a literal of Python", "such as True, or a text in quotes") from None
    _check_kind(name, value)
    return name, value


def _check_kind(name: str, value: Any) -> None:
    kinds: Mapping[str, Any] = {
        **dict.fromkeys(_TEXTS, (str, "a text in quotes")),
        **dict.fromkeys(_PREFIXES, ((str, type(None)), "a text in quotes, or None")),
        **dict.fromkeys(_SWITCHES, (bool, "True or False")),
    }
    if name == "newline_sequence":
        if value not in _NEWLINES:
            raise _mistake(f"{name} must be one of '\\n', '\\r\\n', '\\r'")
    elif not isinstance(value, kinds[name][0]):
        raise _mistake(f"{name} must be {kinds[name][1]}")


def _mistake(message: str, hint: str = "") -> TemplateSyntaxError:
    return TemplateSyntaxError(f"{HEADER} {message}" + (f" ({hint})" if hint else ""), 1)
