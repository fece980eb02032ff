"""Text and numbers that a managed host sent, or chose: marked where they enter, and after every
computation.

A host's word is data. It is never a template, a condition or the name of a setting, and in a path
on the control machine it is at most a part of one name. What a host's word *chose* among the
operator's own values (`names[ansible_hostname]`) is the operator's text and is used as such, but
where nothing may depend on a host: in connection settings and in paths of keys and certificates.
Who enforces that (`templating/refusals.py`) asks for the mark; so the mark must survive what
expressions do. The methods of `str` and numbers keep it here, filters, calls and joins keep it in
`mooring/templating/jinja/`.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Sequence, Set, ValuesView
from datetime import date
from functools import wraps
from typing import Any

from mooring.errors import TemplateError
from mooring.source import Text
from mooring.templating.foreign_kinds import Foreign, ForeignFloat, ForeignInt
from mooring.templating.lazy import LazyDict, LazyList
from mooring.templating.sizes import check_digits, check_power

# How far a host's word reaches into a value.
OPERATORS, CHOSEN, SAID = range(3)
_VIEWS = (KeysView, ValuesView, ItemsView)
_METHODS = """
    center expandtabs format format_map ljust partition removeprefix removesuffix replace rjust rpartition rsplit split
    splitlines translate zfill __mod__ __mul__ __rmul__
"""
# They keep every character at its place where all are ASCII.
_CASES = "capitalize casefold lower swapcase title upper"
_ARITHMETIC = """
    __abs__ __add__ __floordiv__ __mod__ __mul__ __neg__ __pos__ __pow__ __radd__ __rfloordiv__ __rmod__ __rmul__
    __rpow__ __rsub__ __rtruediv__ __sub__ __truediv__
"""
_MARKED = (Foreign, ForeignInt, ForeignFloat)
# Truth values carry no mark, as `bool` cannot be subclassed; "True" and "False" name nothing.
_NUMBERS: dict[type, Any] = {int: ForeignInt, float: ForeignFloat}


class ChosenDict(LazyDict):
    """A mapping that a host chose: so are its keys and values when they are read."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        super().__init__(raw, choose)

    def __iter__(self) -> Iterator[str]:
        return map(choose, super().__iter__())


def _keep_mark(kind: type, name: str) -> None:
    method: Callable[..., Any] = getattr(kind.__mro__[1] if kind is not Foreign else str, name)

    @wraps(method)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if name in ("__pow__", "__rpow__"):
            check_power(*((self, *args) if name == "__pow__" else (*args, self)))
        result = method(self, *args, **options)
        return result if result is NotImplemented else stamp(result, weigh([self, *args, *options.values()]))

    setattr(kind, name, call)


def _keep_mask(name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    @wraps(method)
    def call(self: Foreign) -> Foreign:
        text = method(self)
        return Foreign(text, None, bytes(len(text)) if self.is_chosen else self.mask if self.isascii() else None)

    return call


for _name in _METHODS.split():
    _keep_mark(Foreign, _name)
for _name in _CASES.split():
    setattr(Foreign, _name, _keep_mask(_name))
for _name in _ARITHMETIC.split():
    _keep_mark(ForeignInt, _name)
    _keep_mark(ForeignFloat, _name)


def mark(value: Any) -> Any:
    """The value with every string and number in it, keys too, marked as a host's.

    A date becomes text, which can carry the mark; bytes are refused.
    """
    kind = type(value)
    if kind in _NUMBERS:
        return _NUMBERS[kind](value)
    if isinstance(value, str):
        return value if isinstance(value, Foreign) else Foreign(value)
    if isinstance(value, Mapping):
        return {mark(key): mark(child) for key, child in value.items()}
    if isinstance(value, (*_VIEWS, Iterator)):
        return [mark(child) for child in value]
    if isinstance(value, bytes):
        raise TemplateError("a host's text does not become bytes here", hint="b64encode gives text")
    if isinstance(value, date):
        return Foreign(str(value))
    if isinstance(value, tuple):  # such as the pair with names that `groupby` yields
        return tuple.__new__(kind, map(mark, value))
    return kind(map(mark, value)) if kind in (list, set, frozenset) else value


def choose(value: Any) -> Any:
    """The value with what is in it marked as chosen by a host; what the host itself
    said keeps that mark."""
    kind = type(value)
    if kind in _NUMBERS:
        number = _NUMBERS[kind](value)
        number.is_chosen = True
        return number
    if isinstance(value, Foreign):
        return value
    if isinstance(value, str):
        where = getattr(value, "where", None) if kind is Text else None
        return Foreign(value, where, bytes(len(value)))
    if isinstance(value, (bytes, date)):
        return choose(str(mark(value)))
    if isinstance(value, Mapping):
        return value if isinstance(value, ChosenDict) else ChosenDict(value)
    if isinstance(value, LazyList):
        return LazyList(value, choose)
    if isinstance(value, (*_VIEWS, Iterator)):
        return [choose(child) for child in value]
    if isinstance(value, tuple):
        return tuple.__new__(kind, map(choose, value))
    return kind(map(choose, value)) if kind in (list, set, frozenset) else value


def is_chosen(value: LazyDict | LazyList) -> bool:
    """Whether a host chose the container, whatever stands in it."""
    return value.resolve is choose


def stamp(value: Any, weight: int) -> Any:
    """The value marked as what it was computed from, which has this weight; TemplateError for an
    endless number."""
    if weight != OPERATORS:
        check_digits(value)
    return value if weight == OPERATORS else choose(value) if weight == CHOSEN else mark(value)


def weigh(value: Any) -> int:
    """How far a host's word reaches into the value: OPERATORS, CHOSEN or SAID."""
    if not is_foreign(value):
        return OPERATORS
    return SAID if _holds(value, lambda leaf: isinstance(leaf, _MARKED) and not leaf.is_chosen) else CHOSEN


def is_foreign(value: Any) -> bool:
    """Whether the value, or anything in it, is a host's, or was chosen by one."""
    return _holds(value, lambda leaf: isinstance(leaf, _MARKED))


def _holds(value: Any, counts: Callable[[Any], bool]) -> bool:
    if value is None or isinstance(value, (str, int, float)):
        return counts(value)
    if isinstance(value, Mapping):
        return any(_holds(key, counts) or _holds(child, counts) for key, child in value.items())
    if isinstance(value, Iterator):
        raise TypeError("what is in an iterator is known only once: make a list of it first")
    if isinstance(value, (Sequence, Set, *_VIEWS)):
        is_plain = isinstance(value, (bytes, range))
        return not is_plain and any(_holds(child, counts) for child in value)
    return not callable(value) and any(_holds(child, counts) for child in _attributes(value).values())


def _attributes(value: Any) -> dict[str, Any]:
    """What an object of Jinja's holds, such as a namespace, which shows itself as a text but hides
    its attributes."""
    try:
        attributes: dict[str, Any] = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return attributes


def as_text(value: Any) -> str:
    """The value as text, marked where it holds a host's."""
    if isinstance(value, str):
        return value
    text: str = stamp(str(value), weigh(value))
    return text
