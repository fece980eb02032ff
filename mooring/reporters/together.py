"""Several reporters of one run, such as the screen's and the log file's."""

from __future__ import annotations

from mooring.reporters import Reporter
from mooring.results import Event


class Together:
    """Hands every event to each of them in turn."""

    def __init__(self, *reporters: Reporter) -> None:
        self._reporters = reporters

    def handle(self, event: Event) -> None:
        """Each draws the event."""
        for reporter in self._reporters:
            reporter.handle(event)

    def close(self) -> None:
        """Close each."""
        for reporter in self._reporters:
            reporter.close()
