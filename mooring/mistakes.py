"""Several mistakes in what the operator wrote: loading goes on behind each, so that all
can be told at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mooring.errors import SourceError

# Files that import each other many times have more than anybody could be told.
MOST = 100


class Mistakes:
    """What is wrong in one thing that is being loaded; `raise_first` ends its loading, with the
    others attached."""

    def __init__(self) -> None:
        self._found: list[SourceError] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Go on behind this block, whatever mistakes are in it."""
        try:
            yield
        except SourceError as error:
            self._found += error.all()
            if len(self._found) >= MOST:
                self.raise_first()

    def raise_first(self) -> None:
        """Raise the first mistake, if there is one; its `others` are the rest."""
        for error in self._found:
            error.others = ()
        if self._found:
            self._found[0].others = tuple(self._found[1:])
            raise self._found[0]
