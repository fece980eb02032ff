"""Containers whose templates are rendered only when they are looked at.

A variable such as `nginx: {port: 80, url: "http://localhost:{{ nginx.port }}"}` may refer to
itself, and one broken value in it must not break the others. Expressions therefore see a `LazyDict`
or `LazyList`; whatever leaves an expression, or enters a filter, is made plain first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Resolve = Callable[[Any], Any]


class LazyDict(Mapping[str, Any]):
    """A dict that renders a value when it is read."""

    def __init__(self, raw: Mapping[str, Any], resolve: Resolve) -> None:
        self._raw, self.resolve = raw, resolve

    def __getitem__(self, key: str) -> Any:
        return self.resolve(self._raw[key])

    def __contains__(self, key: object) -> bool:
        return key in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __getattr__(self, name: str) -> Any:
        """Other methods of dict, such as `copy`, work on a plain copy."""
        if name.startswith("_") or not hasattr(dict, name):
            raise AttributeError(name)
        return getattr(plain(self), name)

    def __repr__(self) -> str:
        return repr(plain(self))


class LazyList(Sequence[Any]):
    """A list that renders an element when it is read."""

    def __init__(self, raw: Sequence[Any], resolve: Resolve) -> None:
        self._raw, self.resolve = raw, resolve

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return LazyList(self._raw[index], self.resolve)
        return self.resolve(self._raw[index])

    def __len__(self) -> int:
        return len(self._raw)

    def __add__(self, other: Any) -> Any:
        return plain(self) + plain(other)

    def __radd__(self, other: Any) -> Any:
        return plain(other) + plain(self)

    def __mul__(self, times: int) -> Any:
        return plain(self) * times

    def __eq__(self, other: object) -> bool:
        return bool(plain(self) == plain(other))

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        """Other methods of list work on a plain copy."""
        if name.startswith("_") or not hasattr(list, name):
            raise AttributeError(name)
        return getattr(plain(self), name)

    def __repr__(self) -> str:
        return repr(plain(self))


def plain(value: Any) -> Any:
    """The value with every lazy container in it rendered; the same object when there is none."""
    if isinstance(value, LazyDict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, LazyList):
        return [plain(child) for child in value]
    if type(value) is dict:
        made = {key: plain(child) for key, child in value.items()}
        return made if any(made[key] is not child for key, child in value.items()) else value
    if type(value) is list or type(value) is tuple:
        items = [plain(child) for child in value]
        changed = any(new is not old for new, old in zip(items, value, strict=True))
        return type(value)(items) if changed else value
    return value
