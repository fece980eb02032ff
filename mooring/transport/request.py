"""A request to an agent: what is asked, what it brings along, and what is known of it until its
reply is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mooring.transport.messages import StepProgress

# Progress goes on to the reporters at most this often; what comes in between is replaced by what
# comes later.
PROGRESS_SECONDS = 0.1
OnProgress = Callable[[str, int, int], None]


class Content(Protocol):
    """Bytes that a task brings along, of any size."""

    @property
    def size(self) -> int: ...

    def chunks(self) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class ModuleRequest:
    """What a module shall do; `environment` is added to that of the programs which it runs."""

    module: str
    args: Mapping[str, Any]
    check: bool = False
    diff: bool = False
    environment: Mapping[str, str] | None = None

    def message(self) -> dict[str, Any]:
        """The frame's body."""
        values = {"module": self.module, "args": dict(self.args), "check": self.check, "diff": self.diff}
        return {**values, "environment": dict(self.environment)} if self.environment else values


@dataclass
class Underway:
    """What is known about a request without a reply; `kept` is progress that nobody was told
    yet."""

    content: Content | None
    on_progress: OnProgress | None
    reply: dict[str, Any] | None = None
    is_content_asked: bool = False
    told_at: float = 0.0
    kept: StepProgress | None = None

    def tell(self, progress: StepProgress, now: float) -> None:
        """Pass progress on, unless it was just done."""
        self.kept = progress
        if now - self.told_at >= PROGRESS_SECONDS:
            self.told_at = now
            self.tell_rest()

    def tell_rest(self) -> None:
        """Pass on what was kept back."""
        if self.kept is not None and self.on_progress is not None:
            self.on_progress(self.kept.activity, self.kept.done, self.kept.total)
        self.kept = None
