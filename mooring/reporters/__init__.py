"""Reporters draw the events of a run; nothing else in Mooring prints.

A reporter's methods are called from one thread. `handle` takes every event in order, `close` ends
the drawing (also after a failure, and more than once) so that the terminal is whole again.
"""

from __future__ import annotations

from typing import Protocol

from mooring.results import Event


class Reporter(Protocol):
    """What the core tells its events to."""

    def handle(self, event: Event) -> None:
        """Draw or keep one event."""

    def close(self) -> None:
        """Finish the drawing."""
