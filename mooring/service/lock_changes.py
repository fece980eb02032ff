"""What is other in a lock file than in an earlier one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mooring.records.images import ADDED, CHANGED, REMOVED, Change
from mooring.service.lock_entries import LockedImage, LockFile, SourcelessImage

LISTS = ("names", "platforms", "running", "idle")
# Of the hosts or names that came or went.
NAMED = 5


def compare(before: LockFile, now: LockFile) -> list[Change]:
    """The entries that are other, in the order of the file."""
    return [*_compare(before.images, now.images), *_compare(before.without_source, now.without_source)]


def _compare(
    before: Iterable[LockedImage | SourcelessImage], now: Iterable[LockedImage | SourcelessImage]
) -> Iterator[Change]:
    old, new = ({image.key: image for image in images} for images in (before, now))
    for key in sorted({**old, **new}):
        if key not in old:
            yield Change(ADDED, new[key].title)
        elif key not in new:
            yield Change(REMOVED, old[key].title)
        elif old[key] != new[key]:
            yield Change(CHANGED, new[key].title, tuple(_explain(old[key], new[key])))


def _explain(old: LockedImage | SourcelessImage, new: LockedImage | SourcelessImage) -> Iterator[str]:
    """What came and went of each list: `running: + host-a, - host-b`."""
    for name in LISTS:
        was, is_now = set(getattr(old, name, ())), set(getattr(new, name, ()))
        words = [*_name("+", is_now - was), *_name("-", was - is_now)]
        if words:
            yield f"{name}: {', '.join(words)}"


def _name(sign: str, words: set[str]) -> Iterator[str]:
    ordered = sorted(words)
    yield from (f"{sign} {word}" for word in ordered[:NAMED])
    if len(ordered) > NAMED:
        yield f"{sign} {len(ordered) - NAMED} more"
