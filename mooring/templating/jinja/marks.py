"""How filters keep the mark of a host's text (`templating/foreign.py`): what they make of it is a
host's text too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from jinja2 import Environment
from jinja2.filters import make_attrgetter
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext

from mooring.templating.foreign import as_text, choose, is_chosen, is_foreign, stamp, weigh
from mooring.templating.foreign_kinds import join
from mooring.templating.lazy import LazyDict, LazyList
from mooring.templating.sizes import refuse_large

# These filters pass values on as they are, each with its own mark; what any other one computes from
# a host's text is a host's text.
_PASSING = """
    attr batch combine d default dict2items dictsort difference extract first flatten groupby intersect items items2dict
    join last list map max min product random reject rejectattr select selectattr slice sort symmetric_difference
    ternary union unique zip
"""
# Of these a host chooses what passes if anything that is given to them is its text; of the others
# if what is asked for is, or what is asked about.
_PICKING = frozenset(["dictsort", "difference", "groupby", "intersect", "max", "min", "sort", "symmetric_difference"])
_ASKING = frozenset(
    ["attr", "batch", "map", "random", "reject", "rejectattr", "select", "selectattr", "slice", "unique"]
)
# A large number after the value is a number like any other to these; to all others it says how wide
# or how often.
_TAKING_NUMBERS = frozenset(
    ["combine", "d", "default", "float", "format", "int", "product", "sum", "ternary", "union", "zip"]
)


def as_list(value: Any) -> Any:
    """The value, an iterator as a list: nobody could look at what is in it without using it up."""
    return list(value) if isinstance(value, Iterator) and not isinstance(value, LoopContext) else value


def keep(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter of this name, whose result has the marks that it must have."""
    guarded = function if name in _TAKING_NUMBERS else _guard(name, function)
    if name in ("length", "count"):
        return _keep_count(guarded)
    if name == "join":
        return _keep_parts(guarded)
    if name in _PICKING or name in _ASKING:
        return _keep_choice(guarded, name)
    return _keep_list(guarded) if name in _PASSING.split() else _keep_mark(guarded)


def _guard(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, which takes no number of a host's that would take this machine's memory."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if len(args) > 1 or options:
            refuse_large(name, [*_values(args)[1:], *options.values()])
        return function(*args, **options)

    return call


def _values(args: tuple[Any, ...]) -> list[Any]:
    """The arguments without those that Jinja itself puts before the value."""
    return [value for value in args if not isinstance(value, (Context, Environment, EvalContext))]


def _keep_list(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, whose result is not an iterator."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        return as_list(function(*args, **options))

    return call


def _keep_mark(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, its result marked where an argument holds a host's text."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        result = as_list(function(*args, **options))
        arguments = [*_values(args), *options.values()]
        return stamp(result, weigh(arguments)) if is_foreign(arguments) else result

    return call


def _keep_choice(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The filter, its result chosen by a host where a host's text decides what passes."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        arguments = list(map(as_list, _values(args)))
        others = args[: len(args) - len(arguments)]
        result = as_list(function(*others, *arguments, **options))
        deciding = arguments[:1] if name in _PICKING else _subjects(name, args, arguments)
        return choose(result) if is_foreign([*deciding, *arguments[1:], *options.values()]) else result

    return call


def _subjects(name: str, args: tuple[Any, ...], arguments: list[Any]) -> list[Any]:
    """What such a filter asks about of each element: no more of it is looked at, since it may wait
    to be rendered."""
    if name not in ("select", "reject", "selectattr", "rejectattr") or not isinstance(
        arguments[0], (list, tuple, LazyList)
    ):
        return []
    read = (
        make_attrgetter(args[0].environment, arguments[1]) if name.endswith("attr") and len(arguments) > 1 else _itself
    )
    return [value for value in map(read, arguments[0]) if isinstance(value, (str, int, float))]


def _itself(value: Any) -> Any:
    return value


def _keep_count(function: Callable[..., Any]) -> Callable[..., Any]:
    """`length`: a number of a host's, where that is what was counted."""

    @wraps(function)
    def call(value: Any) -> Any:
        count = function(value)
        if isinstance(value, (LazyDict, LazyList)):  # nothing in it is to be rendered
            return choose(count) if is_chosen(value) else count
        return stamp(count, weigh(value)) if is_foreign(value) else count

    return call


def _keep_parts(original: Callable[..., Any]) -> Callable[..., Any]:
    """Jinja's `join`; what it makes of a host's text and the operator's knows which part is
    whose."""

    @wraps(original)
    def call(eval_context: EvalContext, value: Any, d: str = "", attribute: Any = None) -> Any:
        value = as_list(value)
        is_plain = isinstance(value, (list, tuple)) and all(isinstance(part, (str, int, float)) for part in value)
        if attribute is None and is_plain:
            return join([piece for part in value for piece in (d, as_text(part))][1:])
        result = original(eval_context, value, d, attribute)
        return stamp(result, weigh([value, d]))

    return call
