"""What `invoke sync` has done, and what it would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from mooring.records.sizes import format_size

NAMED = 5


class State(Enum):
    """How it stands with an image."""

    HELD = "held"
    COPIED = "copied"
    TO_COPY = "to copy"
    LEFT = "left"
    FAILED = "failed"


@dataclass(frozen=True)
class SyncedImage:
    """One image; `message` says why it is left or has failed, `sent` how many bytes
    came from its source."""

    name: str
    digest: str
    state: State
    is_running: bool
    message: str = ""
    sent: int = 0

    @property
    def is_there(self) -> bool:
        return self.state in (State.HELD, State.COPIED)

    def as_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = {"name": self.name, "digest": self.digest, "state": self.state.value}
        return {**values, "running": self.is_running, "message": self.message, "sent": self.sent}


@dataclass
class SyncSummary:
    """All images that the target is to hold, those that are no concern of it, and how it went."""

    target: str
    is_check: bool = False
    is_detailed: bool = False
    is_bundle: bool = False
    images: dict[str, SyncedImage] = field(default_factory=dict, init=False)
    own: tuple[str, ...] = field(default=(), init=False)
    forbidden: tuple[str, ...] = field(default=(), init=False)
    without_source: tuple[str, ...] = field(default=(), init=False)
    resumes_at: datetime | None = field(default=None, init=False)
    is_interrupted: bool = field(default=False, init=False)

    def count(self, *states: State) -> int:
        """How many images stand so."""
        return sum(image.state in states for image in self.images.values())

    @property
    def missing(self) -> list[SyncedImage]:
        """What the target lacks, images that run first."""
        return sorted(
            (image for image in self.images.values() if not image.is_there), key=lambda image: not image.is_running
        )

    @property
    def readiness(self) -> int:
        """How much of what the fleet has is there without its upstreams, in whole
        percent rounded down."""
        return 100 * self.count(State.HELD, State.COPIED) // len(self.images) if self.images else 100

    @property
    def exit_status(self) -> int:
        """130 interrupted, 0 all is there, else 2; a check has 8 where `is_detailed` and
        something is to do."""
        if self.is_interrupted:
            return 130
        if self.is_check and not self.count(State.FAILED):
            return 8 if self.is_detailed and self.missing else 0
        return 2 if self.missing else 0

    def verdict(self) -> str:
        """The last line: done, left, when it goes on, and how ready the fleet is for an outage of
        its upstreams."""
        head = "interrupted; " if self.is_interrupted else ""
        sent = sum(image.sent for image in self.images.values())
        words = f"{self.count(State.COPIED)} copied ({format_size(sent)}), {self.count(State.HELD)} held before"
        if self.is_check:
            words = f"{self.count(State.HELD)} held, {self.count(State.TO_COPY)} to copy"
        left = self.count(State.LEFT) + (0 if self.is_check else self.count(State.TO_COPY))
        resumes = f", resumes at {self.resumes_at.astimezone():%Y-%m-%d %H:%M}" if self.resumes_at and left else ""
        line = f"{head}done: {words}; left: {left}{resumes}; failed: {self.count(State.FAILED)}"
        if self.is_bundle:
            return line
        return f"{line}; Hub-outage readiness: {self.readiness} %{self._name_missing()}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for --json."""
        return {
            "target": self.target,
            "check": self.is_check,
            "images": [image.as_dict() for image in self.images.values()],
            "own": list(self.own),
            "forbidden": list(self.forbidden),
            "without_source": list(self.without_source),
            "readiness": None if self.is_bundle else self.readiness,
            "resumes_at": self.resumes_at.isoformat() if self.resumes_at else None,
            "verdict": self.verdict(),
            "exit_status": self.exit_status,
        }

    def _name_missing(self) -> str:
        names = [image.name for image in self.missing]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return f", missing: {', '.join(names[:NAMED])}{more}" if names else ""


@dataclass(frozen=True)
class SyncStep:
    """An image under way: its number of how many, and its bytes so far; `total` is 0
    before they are known."""

    name: str
    number: int
    images: int
    done: int = 0
    total: int = 0


class SyncReport(Protocol):
    """Draws a sync while it goes on, and its summary at the end."""

    def show_step(self, step: SyncStep) -> None:
        """An image is so far."""

    def show_image(self, image: SyncedImage) -> None:
        """An image is done, one way or another."""

    def show_note(self, text: str) -> None:
        """Something that the operator should know."""

    def show_summary(self, summary: SyncSummary) -> None:
        """All is done."""

    def close(self) -> None:
        """Leave the terminal whole."""
