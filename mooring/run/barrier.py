"""Where hosts wait for each other.

Hosts run at their own pace. One that reads another's variables must not see them half-way: it waits
until the other has done every task that stands before its own. A position is the path of indices to
a task, so positions compare as the tasks follow each other; nobody waits for a host that is further
on, so no wait is for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

Position = tuple[int, ...]


class Barrier:
    """The positions of the hosts of one batch; who waits leaves its place among the `slots` to
    others meanwhile."""

    def __init__(self, hosts: Iterable[str], slots: threading.Semaphore | None = None) -> None:
        self._slots = slots
        self._positions: dict[str, Position] = dict.fromkeys(hosts, ())
        self._moved = threading.Condition()

    def arrive(self, host: str, position: Position) -> None:
        """The host has done everything before `position`."""
        with self._moved:
            self._positions[host] = position
            self._moved.notify_all()

    def leave(self, host: str) -> None:
        """The host is done with the batch, or out of it."""
        with self._moved:
            self._positions.pop(host, None)
            self._moved.notify_all()

    def has_passed(self, other: str, host: str) -> bool:
        """Whether `other` is at least where `host` stands."""
        with self._moved:
            return self._is_level(other, host)

    def meet(self, host: str, other: str) -> None:
        """Let `host` wait for `other`, and other hosts work meanwhile."""
        if self.has_passed(other, host):
            return
        if self._slots is None:
            self.wait(host, other)
            return
        self._slots.release()
        try:
            self.wait(host, other)
        finally:
            self._slots.acquire()

    def wait(self, host: str, other: str) -> None:
        """Wait until `other` has reached the place where `host` stands, or has left."""
        with self._moved:
            self._moved.wait_for(lambda: self._is_level(other, host))

    def _is_level(self, other: str, host: str) -> bool:
        return other not in self._positions or self._positions[other] >= self._positions.get(host, ())
