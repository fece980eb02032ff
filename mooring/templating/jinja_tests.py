"""Ansible's tests beyond Jinja's own (`x is match('a')`, `result is failed`), as plain functions.

`PREDICATES` maps the names that templates use after `is` to the functions. They raise
ValueError or TypeError.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from mooring.templating.filters import to_bool
from mooring.templating.regex_filters import regex_flags

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("==", "=", "eq"), operator.eq),
    **dict.fromkeys(("!=", "<>", "ne"), operator.ne),
    **dict.fromkeys(("<", "lt"), operator.lt),
    **dict.fromkeys(("<=", "le"), operator.le),
    **dict.fromkeys((">", "gt"), operator.gt),
    **dict.fromkeys((">=", "ge"), operator.ge),
}


def _says(key: str, result: Any) -> bool:
    if not isinstance(result, Mapping):
        raise TypeError(f"only a task's result can be tested for this, not {type(result).__name__}")
    return bool(result.get(key))


def is_changed(result: Any) -> bool:
    """A result that says so, or the result of a loop that has an item that says so."""
    if isinstance(result, Mapping) and "changed" not in result:
        items = result.get("results") or []
        return any(isinstance(item, Mapping) and bool(item.get("changed")) for item in items)
    return _says("changed", result)


def is_regex(
    value: Any,
    pattern: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    match_type: str = "search",
) -> bool:
    compiled = re.compile(pattern, regex_flags(ignorecase, multiline))
    return bool(getattr(compiled, match_type)(str(value)))


def is_match(value: Any, pattern: str = "", ignorecase: bool = False, multiline: bool = False) -> bool:
    return is_regex(value, pattern, ignorecase, multiline, "match")


def _loose(version: str) -> list[int | str]:
    """Numbers and words in turn, dots dropped: 1.13.1rc2 is [1, 13, 1, 'rc', 2]."""
    parts = [part for part in re.split(r"(\d+|[a-z]+|\.)", version) if part and part != "."]
    return [int(part) if part.isdigit() else part for part in parts]


def _strict(version: str) -> tuple[Any, ...]:
    """X.Y or X.Y.Z, and a pre-release such as a1 or b2 that comes before the release."""
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", version)
    if match is None:
        raise ValueError(f"'{version}' is not a strict version number")
    major, minor, patch, stage, number = match.groups()
    return (int(major), int(minor), int(patch or 0)), (stage or "z", int(number or 0))


def is_version(
    value: Any, version: Any, operator: str = "eq", strict: bool | None = None, version_type: str | None = None
) -> bool:
    """Compare version numbers, loosely as 1.9 < 1.13 < 20.10.5+dfsg, or strictly."""
    if strict is not None and version_type is not None:
        raise ValueError("give strict or version_type, not both")
    for number in (value, version):
        if number in ("", None):
            raise ValueError("a version number must not be empty")
    kind = version_type or ("strict" if strict else "loose")
    if kind not in ("loose", "strict"):
        raise ValueError(f"unknown version_type '{kind}': only loose and strict are known")
    if operator not in _COMPARISONS:
        raise ValueError(f"unknown comparison '{operator}': it is one of {', '.join(_COMPARISONS)}")
    parse: Callable[[str], Any] = _strict if kind == "strict" else _loose
    try:
        return _COMPARISONS[operator](parse(str(value)), parse(str(version)))
    except TypeError:
        raise ValueError(f"versions '{value}' and '{version}' cannot be compared") from None


def is_truthy(value: Any, convert_bool: bool = False) -> bool:
    words = ("yes", "on", "true", "1", "no", "off", "false", "0", "y", "t", "n", "f")
    if convert_bool and isinstance(value, str) and value.lower() in words:
        return to_bool(value) or value.lower() in ("y", "t")
    return bool(value)


def _is_failed(result: Any) -> bool:
    return _says("failed", result)


def _is_skipped(result: Any) -> bool:
    return _says("skipped", result)


def _is_timed_out(result: Any) -> bool:
    if not isinstance(result, Mapping):
        raise ValueError("the test timedout expects a result")
    limit = result.get("timedout")
    return isinstance(limit, Mapping) and bool(limit.get("period"))


PREDICATES: Mapping[str, Callable[..., bool]] = {
    **dict.fromkeys(("failed", "failure"), _is_failed),
    **dict.fromkeys(("succeeded", "success", "successful"), lambda result: not _is_failed(result)),
    **dict.fromkeys(("changed", "change"), is_changed),
    **dict.fromkeys(("skipped", "skip"), _is_skipped),
    "timedout": _is_timed_out,
    "unreachable": lambda result: _says("unreachable", result),
    "reachable": lambda result: not _says("unreachable", result),
    "match": is_match,
    **dict.fromkeys(("search", "regex"), is_regex),
    **dict.fromkeys(("version", "version_compare"), is_version),
    **dict.fromkeys(("subset", "issubset"), lambda left, right: set(left) <= set(right)),
    **dict.fromkeys(("superset", "issuperset"), lambda left, right: set(left) >= set(right)),
    "contains": lambda items, item: item in items,
    "any": any,
    "all": all,
    "truthy": is_truthy,
    "falsy": lambda value, convert_bool=False: not is_truthy(value, convert_bool),
}
