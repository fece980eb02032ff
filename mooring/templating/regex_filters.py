"""Ansible's filters for regular expressions; Python's own dialect, as in Ansible."""

from __future__ import annotations

import re
from typing import Any


def regex_flags(ignorecase: bool, multiline: bool) -> int:
    return (re.I if ignorecase else 0) | (re.M if multiline else 0)


def regex_replace(
    value: Any,
    pattern: str = "",
    replacement: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    count: int = 0,
) -> str:
    return re.sub(pattern, replacement, str(value), count=count, flags=regex_flags(ignorecase, multiline))


def regex_findall(value: Any, regex: str, multiline: bool = False, ignorecase: bool = False) -> list[Any]:
    return re.findall(regex, str(value), regex_flags(ignorecase, multiline))


def regex_search(value: Any, regex: str, *groups: str, ignorecase: bool = False, multiline: bool = False) -> Any:
    r"""The matched text, a list of the groups asked for as '\\1' or '\\g<name>', None
    where nothing matches."""
    wanted: list[str | int] = []
    for group in groups:
        reference = re.fullmatch(r"\\(?:g<(\S+)>|(\d+))", group)
        if reference is None:
            raise ValueError(f"{group!r} is not a group such as '\\\\1' or '\\\\g<name>'")
        wanted.append(int(reference[2]) if reference[2] else reference[1])
    match = re.search(regex, str(value), regex_flags(ignorecase, multiline))
    if match is None:
        return None
    return [match.group(group) for group in wanted] if wanted else match.group()


def regex_escape(value: Any, re_type: str = "python") -> str:
    if re_type == "python":
        return re.escape(str(value))
    if re_type == "posix_basic":
        return re.sub(r"([].[^$*\\])", r"\\\1", str(value))
    raise ValueError(f"unknown kind of regular expression {re_type!r}")
