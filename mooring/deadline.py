"""One moment by which all of something must be done, however many parts wait for it in turn."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator


class Deadline:
    """So many seconds from now on, None for no limit; it may be looked at from any thread."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._started = time.monotonic()
        self._stood_still = 0.0
        self._is_paused = False

    @property
    def left(self) -> float | None:
        """The seconds that are left, never below zero; None where there is no limit."""
        if self.seconds is None:
            return None
        return max(0.0, self._started + self.seconds + self._stood_still - time.monotonic())

    @property
    def is_over(self) -> bool:
        return self.left == 0.0 and not self._is_paused

    def within(self, seconds: float) -> float:
        """At most so many seconds, and no more than are left."""
        left = self.left
        return seconds if left is None else min(seconds, left)

    def widen(self, seconds: float) -> None:
        """Let it be at least so many seconds in all."""
        if self.seconds is not None:
            self.seconds = max(self.seconds, seconds)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Time that the operator takes, for a passphrase say, is not the host's."""
        began = time.monotonic()
        self._is_paused = True
        try:
            yield
        finally:
            self._stood_still += time.monotonic() - began
            self._is_paused = False
