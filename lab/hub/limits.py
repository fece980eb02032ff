"""The rate limit: who has taken how many manifests in the running window."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lab.hub.knobs import Knobs


@dataclass(frozen=True)
class Standing:
    """Where somebody stands: the limit, what is left, seconds to the window's end, and whether this
    was granted."""

    limit: int
    remaining: int
    window: int
    resets_in: int
    is_granted: bool

    def headers(self, source: str) -> list[tuple[str, str]]:
        """As Docker Hub tells it to SOURCE."""
        return [
            ("ratelimit-limit", f"{self.limit};w={self.window}"),
            ("ratelimit-remaining", f"{self.remaining};w={self.window}"),
            ("docker-ratelimit-source", source),
        ]


class Limits:
    """Counts per source: an address, or an account. A restart forgets them, as does a new
    `remaining`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}
        self._left_at_first: int | None = None
        self._edition = ""

    def take(self, source: str, limit: int, counts: bool, knobs: Knobs, edition: str = "") -> Standing:
        """What SOURCE has of its LIMIT, less one where this request COUNTS and something is left.

        EDITION changes when the knobs were written: from then on everybody has their `remaining`,
        where they name one.
        """
        now = self.clock()
        with self._lock:
            if edition != self._edition:
                self._edition = edition
                self._left_at_first = knobs.remaining
                if knobs.remaining is not None:
                    self._windows.clear()
            began, used = self._windows.get(source, (now, -1))
            if used < 0:
                used = max(0, limit - self._left_at_first) if self._left_at_first is not None else 0
            elif now - began >= knobs.rate_window:
                began, used = now, 0
            is_granted = not counts or used < limit
            used += counts and is_granted
            self._windows[source] = (began, used)
        resets_in = max(1, round(began + knobs.rate_window - now))
        return Standing(limit, max(0, limit - used), knobs.rate_window, resets_in, is_granted)
