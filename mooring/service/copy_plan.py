"""Which of the lock file's images the registry is to hold, under which names, in which order.
Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mooring.registry.transport import shorten
from mooring.service.copying import Copy
from mooring.service.image_places import OwnNames
from mooring.service.lock_entries import LockedImage, LockFile


@dataclass(frozen=True)
class CopyPlan:
    """What is to be held, the images that run first; and what is not, as it is told."""

    copies: tuple[Copy, ...]
    running: frozenset[Copy]
    own: tuple[str, ...]
    forbidden: tuple[str, ...]
    without_source: tuple[str, ...]


def plan_copies(lock: LockFile, names: OwnNames) -> CopyPlan:
    """The plan for a lock file; `names` are those of one's own registry and its mirror.

    A tag that hosts have with several digests goes to the one that runs on the most of them; the
    others are held by their digests alone.
    """
    own: list[str] = []
    forbidden: list[str] = []
    copies: dict[tuple[str, str], Copy] = {}
    running: set[Copy] = set()
    for image in sorted(lock.images, key=_urgency):
        origin = names.find_origin(image.name)
        if lock.find_ban(image.name, image.tag):
            forbidden.append(describe(image))
        elif origin is None:
            own.append(describe(image))
        else:
            tag = "" if (origin.target, image.tag) in copies else image.tag
            copy = Copy(origin, tag, image.digest)
            if tag == image.tag or not _has_digest(copies.values(), copy):
                copy = copies.setdefault((origin.target, tag or image.digest), copy)
                running.update([copy] if image.running else [])
    sourceless = tuple(_describe_id(image.id, image.names) for image in lock.without_source)
    return CopyPlan(tuple(copies.values()), frozenset(running), tuple(own), tuple(forbidden), sourceless)


def describe(image: LockedImage) -> str:
    """The image in one word: by its tag where it has one."""
    return f"{image.name}:{image.tag}" if image.tag else f"{image.name}@{image.digest}"


def _urgency(image: LockedImage) -> tuple[int, bool, int, tuple[str, str, str]]:
    """First what runs on most hosts, then what is to be kept, then what most have."""
    return -len(image.running), not image.keep, -len(image.idle), image.key


def _has_digest(copies: Iterable[Copy], copy: Copy) -> bool:
    return any((other.origin.target, other.digest) == (copy.origin.target, copy.digest) for other in copies)


def _describe_id(identifier: str, names: tuple[str, ...]) -> str:
    return shorten(", ".join(names)) if names else identifier
