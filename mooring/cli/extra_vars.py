"""--extra-vars: variables on the command line."""

from __future__ import annotations

from typing import Any

from mooring import source
from mooring.errors import UsageError, on_one_line
from mooring.files.reading import read_text
from mooring.playbook import key_values


def parse_extra_vars(texts: tuple[str, ...]) -> dict[str, Any]:
    """The variables of all --extra-vars, later ones winning."""
    variables: dict[str, Any] = {}
    for text in texts:
        variables.update(_parse_one(text))
    return variables


def _parse_one(text: str) -> dict[str, Any]:
    path = "--extra-vars"
    if text.startswith("@"):
        path, text = text[1:], read_text(text[1:], takes_pipe=True)
    elif not text.lstrip().startswith("{"):
        return _key_values(text)
    value = source.value(source.parse(text, path))
    if not isinstance(value, dict):
        raise UsageError(f"{on_one_line(path)}: must be a mapping of variables")
    wrong = [name for name in value if not isinstance(name, str)]
    if wrong:
        raise UsageError(
            f"{on_one_line(path)}: {wrong[0]!r} is not a variable name (names need quotes where YAML"
            " takes them for something else)"
        )
    return value


def _key_values(text: str) -> dict[str, Any]:
    """`a=1 b=two`: as in Ansible the values are strings, and the operator's own, which may be
    expressions.

    Words that Ansible would drop without a word are refused.
    """
    try:
        words = key_values.parse(text)
    except ValueError as error:
        raise UsageError(f"--extra-vars {text!r}: {error}") from None
    wrong = [words.rest] if words.rest else [f"{name}=" for name in words.pairs if not name.isidentifier()]
    if wrong:
        raise UsageError(f'--extra-vars: "{on_one_line(wrong[0])}" is not key=value')
    return {name: source.Text(value) for name, value in words.pairs.items()}
