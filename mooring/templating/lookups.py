"""Ansible's look-ups: `lookup('env', 'HOME')`, `lookup('file', 'key.pub')`,
`lookup('vars', 'name')`.

A look-up takes its terms, the variables and the directories to search, and gives one value per
term. Whatever it gives is never a template. A new look-up is one function more in `LOOKUPS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mooring.files.reading import expand, read_text
from mooring.templating.foreign import as_text, choose
from mooring.templating.foreign_kinds import Foreign
from mooring.templating.refusals import check_name, check_place, refuse_name

Lookup = Callable[..., list[Any]]


def read_environment(
    terms: Sequence[Any], variables: Mapping[str, Any], search: Sequence[Path], default: Any = ""
) -> list[Any]:
    """Environment variables of the control machine."""
    for term in terms:
        refuse_name(term, "the environment variable")
    return [_found(term, os.environ.get(str(term), default)) for term in terms]


def read_file(
    terms: Sequence[Any],
    variables: Mapping[str, Any],
    search: Sequence[Path],
    rstrip: bool = True,
    lstrip: bool = False,
) -> list[Any]:
    """Contents of files of the control machine, looked for in `files/` and beside it."""
    contents = []
    for term in terms:
        text = read_text(find_file(as_text(term), search))
        text = text.lstrip() if lstrip else text
        contents.append(_found(term, text.rstrip() if rstrip else text))
    return contents


def read_variable(
    terms: Sequence[Any], variables: Mapping[str, Any], search: Sequence[Path], **options: Any
) -> list[Any]:
    """Variables whose names are computed."""
    values = []
    for term in terms:
        refuse_name(term, "the variable")
        if term not in variables and "default" not in options:
            raise LookupError(f"no variable named '{term}'")
        values.append(_found(term, variables[term]) if term in variables else options["default"])
    return values


def _found(term: Any, value: Any) -> Any:
    """What a term led to; a host chose it where its text is a part of the term."""
    return choose(value) if isinstance(as_text(term), Foreign) else value


def find_file(name: str, search: Sequence[Path]) -> Path:
    """The first file of that name under the directories' `files/` or the directories themselves."""
    check_name(name, None)
    path = expand(name)
    tried = [path] if path.is_absolute() else [place / path for base in search for place in (base / "files", base)]
    for candidate in tried:
        if candidate.exists() and not candidate.is_dir():
            check_place(name, candidate, search, None)
            return candidate
    raise FileNotFoundError(f"no file '{name}' (looked for {', '.join(map(str, tried))})")


LOOKUPS: Mapping[str, Lookup] = {"env": read_environment, "file": read_file, "vars": read_variable}
