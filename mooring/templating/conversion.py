"""Values in the types that ARGS name; a wrong one is an ArgumentError that tells what was
expected."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from mooring.errors import ArgumentError, Where
from mooring.source import did_you_mean
from mooring.templating.foreign import stamp, weigh

Spec = Mapping[str, Any]


def convert(spec: Spec, value: Any, subject: str, where: Where | None) -> Any:
    """The value in the type that the spec names; ArgumentError where that is not possible."""
    if value is None:
        return None
    kind = spec.get("type", "str")
    converted = CONVERTERS[kind](value)
    # What a list or a mapping holds has its own marks.
    if converted is not value and isinstance(converted, (str, list, dict)) and _is_text(value) != _is_text(converted):
        converted = stamp(converted, weigh(value))
    if converted is None:
        raise ArgumentError(f'{subject} must be {NOUNS[kind]}, not "{value}"', where)
    if kind == "list" and "elements" in spec:
        child = {"type": spec["elements"], "choices": spec.get("choices")}
        return [convert(child, element, subject, where) for element in converted]
    choices = spec.get("choices")
    if choices and converted not in choices:
        # YAML 1.1 reads an unquoted `no` or `yes` as a boolean, where a module may mean the word.
        words = (
            {True: ("yes", "true", "on"), False: ("no", "false", "off")}.get(value, ())
            if isinstance(value, bool)
            else ()
        )
        meant = [choice for choice in choices if choice in words]
        if meant:
            return meant[0]
        hint = did_you_mean(str(converted), map(str, choices)) or f"one of {', '.join(map(str, choices))}"
        raise ArgumentError(f'{subject} cannot be "{converted}"', where, hint)
    return converted


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def as_bool(value: Any) -> bool | None:
    """What Ansible takes for yes and no; None for anything else."""
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in ("yes", "true", "on", "1", "y", "t", "1.0"):
        return True
    return False if word in ("no", "false", "off", "0", "n", "f", "0.0") else None


def _to_number(kind: type[int] | type[float]) -> Any:
    def convert(value: Any) -> int | float | None:
        try:
            number = None if isinstance(value, bool) else kind(value)
        except (TypeError, ValueError, OverflowError):
            return None
        return number if number is not None and math.isfinite(number) else None

    return convert


def _to_list(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else [value]


def _to_dict(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return dict(value) if isinstance(value, Mapping) else None


def _to_text(value: Any) -> str | None:
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return value if isinstance(value, str) else str(value)


CONVERTERS: Mapping[str, Any] = {
    "str": _to_text,
    "path": _to_text,
    "bool": as_bool,
    "int": _to_number(int),
    "float": _to_number(float),
    "list": _to_list,
    "dict": _to_dict,
    "raw": lambda value: value,
}
NOUNS = {
    "str": "a string", "path": "a path", "bool": "yes or no", "int": "a whole number", "float": "a number",
    "list": "a list", "dict": "a mapping", "raw": "given",
}  # fmt: skip
