"""What the fleet runs, and how its lock file stands to that, as `invoke images` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
# How it went with a host.
ASKED, PARTLY, FAILED, UNREACHABLE = "asked", "partly", "failed", "unreachable"


@dataclass(frozen=True)
class Change:
    """An entry that is other: `kind` is "added", "removed" or "changed"; `details` say how."""

    kind: str
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageRow:
    """One image by digest; `ban` is the pattern that forbids it, "" where none does."""

    name: str
    tag: str
    digest: str
    platforms: tuple[str, ...]
    running: tuple[str, ...]
    idle: tuple[str, ...]
    _: KW_ONLY
    keep: bool = False
    ban: str = ""


@dataclass(frozen=True)
class SourcelessRow:
    """One image that came without a registry, by its ID."""

    id: str
    names: tuple[str, ...]
    running: tuple[str, ...]
    idle: tuple[str, ...]


@dataclass(frozen=True)
class HostNote:
    """How it went with a host; `reason` says why it was not asked, or what it did not tell."""

    host: str
    state: str
    engines: tuple[str, ...] = ()
    reason: str = ""
    left_out: int = 0


@dataclass(frozen=True)
class FleetImages:
    """What stands in the lock file now (or would, with `is_check`), and what is other than before.

    `is_new` says that there was no file.
    """

    path: str
    images: tuple[ImageRow, ...]
    without_source: tuple[SourcelessRow, ...]
    hosts: tuple[HostNote, ...]
    changes: tuple[Change, ...]
    is_check: bool
    _: KW_ONLY
    is_new: bool = False

    def count(self, kind: str) -> int:
        """How many entries were added, changed or removed."""
        return sum(change.kind == kind for change in self.changes)

    def as_dict(self) -> Mapping[str, Any]:
        """Plain data."""
        return {
            "lock": self.path,
            "check": self.is_check,
            "images": [_plain(row) for row in self.images],
            "without_source": [_plain(row) for row in self.without_source],
            "hosts": [_plain(note) for note in self.hosts],
            "changes": [_plain(change) for change in self.changes],
        }


def _plain(record: Any) -> dict[str, Any]:
    """A record's values; null in place of an empty text, which says that there is none."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(record).items()}
    return {name: None if value == "" else value for name, value in values.items()}
