"""Text that a managed host sent: marked where it enters, and still marked after every computation.

A host's word is data. It is never a template, a condition or the name of a setting, and in a path on the control side
it is at most a part of one name. Who enforces that (`Templar`, `Context.find`, `ConnectionSettings`, the look-ups)
asks for the mark; so the mark must survive what expressions do. The methods of `str` keep it here, filters, calls and
joins keep it in `mooring/jinja/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, Set, ValuesView
from functools import wraps
from pathlib import Path
from typing import Any

from mooring.errors import TemplateError, Where
from mooring.source import Unsafe

# What a host's text may be within a path: a part of one name.
_NAME = re.compile(r"[A-Za-z0-9._-]+")
# A key is at most a few kB long; what stands before it in its file, such as comments, is as short.
_KEY_MARK, _KEY_HEAD = b"PRIVATE KEY-----", 64 * 1024
_VIEWS = (KeysView, ValuesView, ItemsView)
_METHODS = """
    capitalize casefold center expandtabs format format_map join ljust lower lstrip partition removeprefix removesuffix
    replace rjust rpartition rsplit rstrip split splitlines strip swapcase title translate upper zfill
    __getitem__ __mod__ __mul__ __rmul__
"""


class Foreign(Unsafe):
    """A string that a host sent, or that was computed from one; otherwise an ordinary string.

    `is_part` says that text of the operator's stands around the host's, of which every piece could be a part of a
    file's name: `{{ ansible_os_family }}.yml`.
    """

    is_part: bool
    __slots__ = ("is_part",)

    def __new__(cls, text: str, where: Where | None = None, is_part: bool = False) -> Foreign:
        self = str.__new__(cls, text)
        self.where, self.is_part = where, is_part
        return self

    def __add__(self, other: str) -> Any:
        return join([self, other]) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> Any:
        return join([other, self]) if isinstance(other, str) else NotImplemented

    def __rmod__(self, other: str) -> Any:
        return mark(str(other) % str(self)) if isinstance(other, str) else NotImplemented

    def __iter__(self) -> Iterator[str]:
        return map(Foreign, super().__iter__())


def _keep_mark(name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    @wraps(method)
    def call(self: Foreign, *args: Any, **options: Any) -> Any:
        result = method(self, *args, **options)
        return result if result is NotImplemented else mark(result)

    return call


for _name in _METHODS.split():
    setattr(Foreign, _name, _keep_mark(_name))


def mark(value: Any) -> Any:
    """The value with every string in it, keys too, marked as a host's."""
    if isinstance(value, str):
        return value if isinstance(value, Foreign) else Foreign(value)
    if isinstance(value, Mapping):
        return {mark(key): mark(child) for key, child in value.items()}
    if isinstance(value, (*_VIEWS, Iterator)):
        return [mark(child) for child in value]
    return type(value)(map(mark, value)) if type(value) in (list, tuple, set, frozenset) else value


def is_foreign(value: Any) -> bool:
    """Whether the value, or anything in it, is a host's text."""
    if isinstance(value, str):
        return isinstance(value, Foreign)
    if isinstance(value, Mapping):
        return any(is_foreign(key) or is_foreign(child) for key, child in value.items())
    if isinstance(value, Iterator):
        raise TypeError("what is in an iterator is known only once: make a list of it first")
    if isinstance(value, (Sequence, Set, *_VIEWS)):
        return not isinstance(value, bytes) and any(map(is_foreign, value))
    return not callable(value) and any(map(is_foreign, _attributes(value).values()))


def _attributes(value: Any) -> dict[str, Any]:
    """What an object of Jinja's holds, such as a namespace, which shows itself as a text but hides its attributes."""
    try:
        attributes: dict[str, Any] = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return attributes


def as_text(value: Any) -> str:
    """The value as text, marked where it holds a host's."""
    if isinstance(value, str):
        return value
    return Foreign(str(value)) if is_foreign(value) else str(value)


def join(parts: Iterable[str]) -> str:
    """The texts in one; foreign where one of them is."""
    texts = list(parts)
    whole = "".join(texts)
    hosts = [text for text in texts if isinstance(text, Foreign)]
    if not hosts:
        return whole
    has_own = any(text and not isinstance(text, Foreign) for text in texts) or any(text.is_part for text in hosts)
    return Foreign(whole, None, has_own and all(text.is_part or _is_name(text) for text in hosts))


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text)) and text not in (".", "..")


def refuse(value: Any, what: str, where: Where | None, hint: str = "") -> None:
    """TemplateError where the value holds a host's text, for a place where there must be none."""
    if is_foreign(value):
        raise TemplateError(f"{what} holds text that a host sent", where, hint or "write it without facts and results")


def refuse_name(value: Any, what: str) -> None:
    """TemplateError where a host alone says which thing of the control side is meant."""
    if isinstance(value, Foreign) and not value.is_part:
        raise TemplateError(f"{what} is named by a host's text alone", hint="a host's text may be a part of one name")


def check_name(name: str, where: Where | None) -> None:
    """Refuse the name of a file of the control side that holds more of a host's text than a part of one name."""
    if isinstance(name, Foreign) and not name.is_part:
        hint = "a host's text may be a part of one name, made of letters, digits and . _ -"
        raise TemplateError("the path holds text that a host sent", where, hint)


def check_place(name: str, path: Path, roots: Iterable[Path], where: Where | None) -> None:
    """Refuse the file that a name with a host's text leads to, unless it lies in the folders that are searched.

    `path` is what `name` led to, `roots` are the folders. A private key is not chosen by a host, wherever it lies.
    """
    if not isinstance(name, Foreign):
        return
    real = path.resolve()
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        hint = "a path that a host's text is a part of stays in the folders of its role and playbook"
        raise TemplateError(f'the path "{name}" leads out of the folders that are searched', where, hint)
    if real.is_file() and holds_key(real):
        raise TemplateError(f'"{name}" is a private key: no text of a host may choose it', where)


def holds_key(path: Path) -> bool:
    """Whether the file begins as one that holds a private key in PEM form."""
    with path.open("rb") as file:
        return _KEY_MARK in file.read(_KEY_HEAD)
