"""What a reporter of verifications must offer."""

from __future__ import annotations

from typing import Protocol

from mooring.records.verification import Check, Summary


class Report(Protocol):
    """Draws a verification while it goes on, and its summary at the end."""

    def show_step(self, text: str) -> None:
        """What is being done right now."""

    def show_warning(self, text: str) -> None:
        """Something that the operator should know at once."""

    def show_check(self, check: Check) -> None:
        """A check is done."""

    def show_summary(self, summary: Summary) -> None:
        """All is done."""

    def close(self) -> None:
        """Leave the terminal whole."""
