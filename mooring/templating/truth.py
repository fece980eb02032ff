"""What a condition that is not a boolean counts as, and the words of the warning about it.

ansible-core 2.19 refuses such conditions, but takes them by Python's truth with its
`allow_broken_conditionals`, as all versions before it do. Playbooks that were written for these
must not end in the middle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from mooring.templating.conversion import as_bool

# A name or a path of names, which a filter or a test may follow without brackets around it.
_OPERAND = re.compile(r"[\w.\[\]'\"]+")


def is_empty(condition: Any) -> bool:
    """Whether there is nothing that could be asked, which always holds."""
    return condition is None or (isinstance(condition, str) and not condition.strip())


def is_wrapped(expression: str) -> bool:
    """Whether all of it stands in `{{ }}`."""
    text = expression.strip()
    return text.startswith("{{") and text.endswith("}}")


def describe(condition: Any, result: Any) -> tuple[str, str]:
    """The warning about a condition whose result is not a boolean, and how to write it instead.

    The value may be a secret; only a word such as `no`, which reads as a boolean, is shown.
    """
    if is_empty(condition):
        return "an empty condition counts as true", "leave it out"
    shown = " ".join(str(condition).split())
    counts = f"counts as {str(bool(result)).lower()}"
    return f"condition `{shown}` is {_kind(result)}, not a boolean: it {counts}", _remedy(shown, result)


def _kind(result: Any) -> str:
    if isinstance(result, str):
        return f'the text "{result}"' if as_bool(result) is not None else "a text" if result else "an empty text"
    if result is None:
        return "null"
    if isinstance(result, (int, float)):
        return "a number"
    name = "mapping" if isinstance(result, Mapping) else "list" if isinstance(result, (Sequence, Set)) else ""
    return f"{'a' if result else 'an empty'} {name}" if name else f"a value of the kind {type(result).__name__}"


def _remedy(shown: str, result: Any) -> str:
    expression = shown.removeprefix("{{").removesuffix("}}").strip() if shown.startswith("{{") else shown
    operand = expression if _OPERAND.fullmatch(expression) else f"({expression})"
    if isinstance(result, str) and as_bool(result) is not None:
        return f"use `{operand} | bool`"
    if isinstance(result, (int, float)):
        return f"use `{operand} != 0`, or `{operand} | bool`"
    return f"use `{operand} is not none`" if result is None else f"use `{operand} | length > 0`"
