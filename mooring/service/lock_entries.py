"""What stands in a lock file: images by digest, those without a source, and names
that are never copied."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True)
class LockedImage:
    """An image by its canonical name and digest; `tag` is "" where only the digest is known.

    `platforms` are those of the hosts that have it, `running` the hosts with a container of it that
    runs, `idle` the others that have it, `keep` says that it stays though no host has it.
    """

    name: str
    tag: str
    digest: str
    _: KW_ONLY
    platforms: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    keep: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all others, and its place in the file."""
        return self.name, self.tag, self.digest

    @property
    def title(self) -> str:
        """`name:tag@digest`, as engines take it."""
        return f"{self.name}{self.tag and ':'}{self.tag}@{self.digest}"


@dataclass(frozen=True)
class SourcelessImage:
    """An image that no registry is known to have, by its ID; `names` are what its hosts call it, as
    they are told."""

    id: str
    names: tuple[str, ...] = ()
    _: KW_ONLY
    running: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others, and its place in the file."""
        return (self.id,)

    @property
    def title(self) -> str:
        """Its ID, and its first name where it has one."""
        return f"{self.id} ({self.names[0]})" if self.names else self.id


@dataclass(frozen=True)
class LockFile:
    """What the file says, each part in its order: by name, tag and digest, by pattern, by ID."""

    images: tuple[LockedImage, ...] = ()
    forbidden: tuple[str, ...] = ()
    without_source: tuple[SourcelessImage, ...] = ()

    def find_ban(self, name: str, tag: str = "") -> str:
        """The pattern that forbids an image of this name, "" where none does."""
        return next((pattern for pattern in self.forbidden if _forbids(pattern, name, tag)), "")


def _forbids(pattern: str, name: str, tag: str) -> bool:
    if pattern.endswith("/*"):
        return name.startswith(pattern[:-1])
    return pattern in (name, f"{name}:{tag}")
