"""The mirror as commands show it: what the server does for a pull, and how its parts run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

RUNNING = "running"


@dataclass(frozen=True)
class ServerStep:
    """One step of the server: `kind` is "own", "cache", "upstream" or "end", `text` a
    sentence for people.

    `repository` is what is asked there, `urls` are an upstream's addresses in order,
    `is_there` whether one's own registry has the image; None where nobody could ask, or where
    that is not the question.
    """

    kind: str
    text: str
    _: KW_ONLY
    repository: str = ""
    urls: tuple[str, ...] = ()
    is_there: bool | None = None


@dataclass(frozen=True)
class ServerChain:
    """What `server` does with a request for `repository` that comes by `url`, the
    steps in their order."""

    server: str
    url: str
    repository: str
    steps: tuple[ServerStep, ...]


@dataclass(frozen=True, kw_only=True)
class MirrorRecord:
    """The mirror of a server: `absence` says why there is none, "" where there is one.

    `containers` are the states of gate and caches by their names, in Docker's words. `shadows` are
    the first of one's own repositories that win over an upstream's of the same name, `shadow_count`
    how many there are, and `has_more` says that they are more than were counted. `unread` says why
    they could not be listed.
    """

    absence: str = ""
    containers: Mapping[str, str] = field(default_factory=dict)
    shadows: tuple[str, ...] = ()
    shadow_count: int = 0
    has_more: bool = False
    unread: str = ""

    @property
    def stopped(self) -> list[str]:
        """The containers that do not run."""
        return [name for name, state in self.containers.items() if state != RUNNING]

    @property
    def word(self) -> str:
        """One word for people: the worst of it."""
        return "off" if self.absence else next((self.containers[name] for name in self.stopped), "runs")

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "absence": self.absence or None,
            "containers": dict(self.containers),
            "shadows": list(self.shadows),
            "shadow_count": self.shadow_count,
            "has_more_shadows": self.has_more,
            "unread": self.unread or None,
        }
