"""Words of a line and values of variables, as INI inventories write them."""

from __future__ import annotations

import re
import shlex
import warnings
from collections.abc import Hashable
from typing import Any

from mooring.errors import Where
from mooring.python_syntax import parse_literal
from mooring.source import Text

# What a shell's quoting leaves as it is: such a line needs no reader of single characters.
_PLAIN_LINE = re.compile(r"[!$-&(-\[\]-~ \t]*")
# What Python takes for no number, list or other constant: names, versions, addresses.
_PLAIN_TEXT = re.compile(r"(?!(?:True|False|None)\Z)[A-Za-z_][A-Za-z0-9_.-]*|[0-9]+(?:\.[0-9]+){2,}")
_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_NESTED = "nests too deeply"


def split_words(line: str) -> list[str]:
    """The words of a line, quotes and a comment at its end taken off; ValueError where
    a quote has no end."""
    if _PLAIN_LINE.fullmatch(line):
        return line.split()
    return shlex.split(line, comments=True)


def read_value(text: str, where: Where) -> Any:
    """What Python takes for a constant (number, True, None, list, ...) is one,
    anything else is text.

    As in Ansible tuples and sets become lists, bytes and complex numbers text. ValueError for what
    cannot be a value.
    """
    if _PLAIN_TEXT.fullmatch(text):
        return Text(text, where)
    if _PLAIN_NUMBER.fullmatch(text):
        return int(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = parse_literal(text)
    except (ValueError, SyntaxError):
        return Text(text, where)
    except TypeError as error:
        raise ValueError(f"Python takes it for a set or mapping that cannot be ({error})") from None
    except (RecursionError, MemoryError):
        raise ValueError(_NESTED) from None
    try:
        return _convert(value, where)
    except RecursionError:
        raise ValueError(_NESTED) from None


def _convert(value: Any, where: Where) -> Any:
    if isinstance(value, str):
        return Text(_check(value), where)
    if isinstance(value, bytes):
        return Text(_decode(value), where)
    if isinstance(value, dict):
        return {_convert_key(key): _convert(child, where) for key, child in value.items()}
    if isinstance(value, (set, frozenset)):
        # A set has no order of its own, and another one in each process.
        return [_convert(child, where) for child in sorted(value, key=_rank)]
    if isinstance(value, (list, tuple)):
        return [_convert(child, where) for child in value]
    if isinstance(value, complex) or value is ...:
        return Text("..." if value is ... else str(value), where)
    return value


def _convert_key(key: Hashable) -> Any:
    if isinstance(key, str):
        return _check(key)
    if isinstance(key, bytes):
        return _decode(key)
    if key is None or isinstance(key, (int, float)):
        return key
    raise ValueError(f"{key!r} cannot be a key of a mapping")


def _decode(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{value!r} is not UTF-8 text") from None


def _check(text: str) -> str:
    """The text; half a surrogate pair, which an escape can write, could not be sent to any host."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it holds half of a surrogate pair") from None
    return text


def _rank(value: Any) -> tuple[str, Any]:
    is_number = isinstance(value, (int, float))
    return ("", value) if is_number else (type(value).__name__, repr(value))
