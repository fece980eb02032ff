"""How filters keep the mark of a host's text (`templating/foreign.py`): what they make of it is a host's text too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from jinja2 import Environment
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext

from mooring.templating.foreign import is_foreign, join, mark

# These filters pass values on as they are, each with its own mark; what any other one computes from a host's text
# is a host's text.
_NAMES = """
    batch combine dict2items dictsort difference flatten groupby intersect items items2dict join list max min product
    random slice sort symmetric_difference ternary union unique zip
"""
PASSING = frozenset(_NAMES.split())


def as_list(value: Any) -> Any:
    """The value, an iterator as a list: nobody could look at what is in it without using it up."""
    return list(value) if isinstance(value, Iterator) and not isinstance(value, LoopContext) else value


def keep_list(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, whose result is no iterator."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        return as_list(function(*args, **options))

    return call


def keep_mark(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, its result marked where an argument holds a host's text."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        result = as_list(function(*args, **options))
        given = [value for value in args if not isinstance(value, (Context, Environment, EvalContext))]
        return mark(result) if is_foreign(given) or is_foreign(options) else result

    return call


def keep_parts(original: Callable[..., Any]) -> Callable[..., Any]:
    """Jinja's `join`; what it makes of a host's text and the operator's knows which part is whose."""

    @wraps(original)
    def call(eval_context: EvalContext, value: Any, d: str = "", attribute: Any = None) -> Any:
        if attribute is None and isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
            return join([piece for part in value for piece in (d, part)][1:])
        result = original(eval_context, value, d, attribute)
        return mark(result) if is_foreign(value) or is_foreign(d) else result

    return call
