"""Text that a managed host sent: marked where it enters, and still marked after every computation.

A host's word is data. It is never a template, a condition or the name of a setting, and in a path on the control side
it is at most a part of one name. Who enforces that (`Templar`, `Context.find`, `ConnectionSettings`, the look-ups)
asks for the mark; so the mark must survive what expressions do. The methods of `str` keep it here, filters, calls and
joins keep it in `mooring/templating/jinja/`.
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
# `%c`, whatever stands between; `%s` and `%%`, and the text before.
_CHARACTER = re.compile(r"%(\([^)]*\))?[-#0 +*.\d]*[hlL]?c")
_PLAIN = re.compile(r"([^%]+)|(%s|%%)")
_VIEWS = (KeysView, ValuesView, ItemsView)
_METHODS = """
    center expandtabs format format_map ljust partition removeprefix removesuffix replace rjust rpartition rsplit split
    splitlines translate zfill __mod__ __mul__ __rmul__
"""
# They keep every character at its place where all are ASCII.
_CASES = "capitalize casefold lower swapcase title upper"


class Foreign(Unsafe):
    """A string that a host sent, or that was computed from one; otherwise an ordinary string.

    `mask` has a byte for each character, 1 where it is the host's and 0 where it is the operator's; None says that all
    of it is the host's, or that nobody knows.
    """

    mask: bytes | None
    __slots__ = ("mask",)

    def __new__(cls, text: str, where: Where | None = None, mask: bytes | None = None) -> Foreign:
        self = str.__new__(cls, text)
        self.where, self.mask = where, mask
        return self

    @property
    def is_part(self) -> bool:
        """Whether text of the operator's stands around the host's, of which all could be parts of files' names."""
        if self.mask is None or 0 not in self.mask:
            return False
        end = 0
        for name in str.split(self, "/"):
            start, end = end, end + len(name) + 1
            if 1 in self.mask[start : end - 1] and name in (".", ".."):
                return False
        return all(_NAME.fullmatch(char) for char, is_hosts in zip(str(self), self.mask, strict=True) if is_hosts)

    def __getitem__(self, key: Any) -> Any:
        mask = self.mask and self.mask[key]
        return Foreign(str.__getitem__(self, key), None, bytes([mask]) if isinstance(mask, int) else mask)

    def strip(self, chars: str | None = None) -> Any:
        return self.lstrip(chars).rstrip(chars)

    def lstrip(self, chars: str | None = None) -> Any:
        rest = str.lstrip(self, chars)
        return mark(rest) if isinstance(chars, Foreign) else self[len(self) - len(rest) :]

    def rstrip(self, chars: str | None = None) -> Any:
        rest = str.rstrip(self, chars)
        return mark(rest) if isinstance(chars, Foreign) else self[: len(rest)]

    def join(self, texts: Iterable[str]) -> Any:
        return join_by(self, texts)

    def __add__(self, other: str) -> Any:
        return join([self, other]) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> Any:
        return join([other, self]) if isinstance(other, str) else NotImplemented

    def __rmod__(self, other: str) -> Any:
        return interpolate(other, self) if isinstance(other, str) else NotImplemented

    def __iter__(self) -> Iterator[str]:
        return map(Foreign, super().__iter__())


def _keep_mark(name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    @wraps(method)
    def call(self: Foreign, *args: Any, **options: Any) -> Any:
        result = method(self, *args, **options)
        return result if result is NotImplemented else mark(result)

    return call


def _keep_mask(name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    @wraps(method)
    def call(self: Foreign) -> Foreign:
        return Foreign(method(self), None, self.mask if self.isascii() else None)

    return call


for _name in _METHODS.split():
    setattr(Foreign, _name, _keep_mark(_name))
for _name in _CASES.split():
    setattr(Foreign, _name, _keep_mask(_name))


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
    if not any(isinstance(text, Foreign) for text in texts):
        return whole
    # A host's empty text leaves no trace in the mask, yet it may have emptied a name.
    if any(isinstance(text, Foreign) and not text for text in texts):
        return Foreign(whole)
    return Foreign(whole, None, b"".join(map(_mask, texts)))


def _mask(text: str) -> bytes:
    if not isinstance(text, Foreign):
        return bytes(len(text))
    return b"\1" * len(text) if text.mask is None else text.mask


def join_by(separator: str, texts: Iterable[str]) -> str:
    """The texts in one, the separator between them, each with its own mark."""
    return join([piece for text in texts for piece in (separator, text)][1:])


def interpolate(form: str, values: Any) -> str:
    """`form % values`, of which the host's parts are known where all conversions are plain ones.

    What `%c` makes is a host's: of a number nobody knows whose it is, and any character can be made from one.
    """
    whole = str(form) % (str(values) if isinstance(values, Foreign) else values)
    if not (is_foreign([form, values]) or _CHARACTER.search(form)):
        return whole
    pieces: list[str] = []
    terms = iter(values if isinstance(values, tuple) else [values])
    for text, percent in _PLAIN.findall(form):
        pieces.append(text or "%")
        if percent == "%s":
            pieces[-1] = as_text(next(terms, ""))
    is_plain = not isinstance(form, Foreign) and "".join(pieces) == whole and not isinstance(values, Mapping)
    return join(pieces) if is_plain and "%" not in _PLAIN.sub("", form) else Foreign(whole)


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
