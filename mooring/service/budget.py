"""How much may still be asked of a registry that counts, such as Docker Hub, and how long to wait.
Pure but for a lock.

The hub counts manifests that are fetched, and says how many are left with each answer about a
manifest, to a HEAD too, which it does not count. `reserve` of them are left alone, for the
fleet's own pulls.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from mooring.errors import RegistryError
from mooring.registry.transport import Head

RESERVE = 20
TOO_MANY = 429
# A pause that is told to be longer ends the work for this time.
LONGEST_PAUSE = 90.0
# Where a 429 does not say how long, and where nobody says when the count begins anew.
PAUSE, WINDOW = 10.0, 6 * 3600
MOST_PAUSES = 10
_REMAINING = re.compile(r"([0-9]{1,9})(?:;w=([0-9]{1,9}))?")


class OutOfBudget(RegistryError):
    """Nothing more may be asked of this registry now; `seconds` is how long at most until it
    may."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__("registry", reason, TOO_MANY)
        self.seconds = seconds


class Budget:
    """What one registry allows; threads share it.

    `draw` gives a number from 0 to 1, so that many who wait do not all return at once. Answers to
    requests that go on at the same time come in any order, so that the lowest count of them is the
    true one; what is under way is taken for spent.
    """

    def __init__(self, registry: str, reserve: int, draw: Callable[[], float], now: Callable[[], datetime]) -> None:
        self.registry, self.reserve = registry, reserve
        self._told: int | None = None
        self._window, self._under_way, self._pauses = float(WINDOW), 0, 0
        self._draw, self._now = draw, now
        self._refusal: Head | None = None
        self._lock = threading.Lock()

    @property
    def remaining(self) -> int | None:
        """How many manifests may still be fetched; None as long as the registry has told nothing,
        as most never do."""
        return None if self._told is None else max(0, self._told - self._under_way)

    def take(self) -> None:
        """Before a manifest is fetched; OutOfBudget where that would touch the reserve."""
        with self._lock:
            remaining = self.remaining
            if remaining is not None and remaining <= self.reserve:
                reason = f"{self.registry} allows {remaining} more manifests, and {self.reserve} are kept back"
                raise OutOfBudget(f"{reason} (hub_reserve)", self._window)
            self._under_way += 1

    def give_back(self, is_answered: bool) -> None:
        """After it was fetched; one that was not answered may have been counted all the same."""
        with self._lock:
            self._under_way -= 1
            if self._told is not None and not is_answered:
                self._told -= 1

    def observe(self, method: str, answer: Head) -> None:
        """What an answer about a manifest says. A HEAD with nothing else under way tells
        of a new window too."""
        if answer.status == TOO_MANY:
            self._refusal = answer
        match = _REMAINING.fullmatch(answer.value("RateLimit-Remaining").strip()[:64])
        if match is None:
            return
        with self._lock:
            stated_pause, is_alone = int(match[1]), method == "HEAD" and not self._under_way
            self._told = stated_pause if self._told is None or is_alone else min(stated_pause, self._told)
            self._window = float(match[2] or WINDOW)

    def pause(self) -> float:
        """How many seconds to wait after a 429; OutOfBudget where that is too long, or was asked
        for too often."""
        stated_pause = self._read_pause(self._refusal)
        with self._lock:
            self._pauses += 1
            seconds = PAUSE if stated_pause is None else stated_pause
            if seconds > LONGEST_PAUSE or self._pauses > MOST_PAUSES:
                raise OutOfBudget(f"{self.registry} answers 429, too many requests", max(seconds, PAUSE))
        return seconds * (1 + self._draw() / 2)

    def _read_pause(self, answer: Head | None) -> float | None:
        """The seconds that Retry-After tells, by their number or a date."""
        text = answer.value("Retry-After").strip()[:64] if answer is not None else ""
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError, IndexError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - self._now()).total_seconds())
