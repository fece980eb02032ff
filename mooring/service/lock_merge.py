"""A lock file made anew from what hosts have, without losing what stood in it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from mooring.service.holdings import Holdings
from mooring.service.lock_entries import LockedImage, LockFile, SourcelessImage


class _Hosts(TypedDict):
    running: tuple[str, ...]
    idle: tuple[str, ...]


@dataclass
class _Presence:
    """Where an image is, and what its hosts call it."""

    running: set[str] = field(default_factory=set)
    idle: set[str] = field(default_factory=set)
    platforms: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def carry(self, entry: LockedImage | SourcelessImage, kept: set[str]) -> bool:
        """Add the hosts that the entry names and that were not asked; whether there are any."""
        kept = kept - self.running - self.idle
        self.running |= set(entry.running) & kept
        self.idle |= set(entry.idle) & kept
        return bool({*entry.running, *entry.idle} & kept)

    def hosts(self) -> _Hosts:
        """The hosts as entries have them; one that runs the image does not only have it."""
        return {"running": tuple(sorted(self.running)), "idle": tuple(sorted(self.idle - self.running))}


def merge(lock: LockFile, holdings: Sequence[Holdings], known: Collection[str]) -> LockFile:
    """The lock file after a look at some hosts; `known` are all hosts of the inventory.

    What hosts that were not asked, or did not tell all, had by the file they still have; a
    host that is not in the inventory has nothing. An entry that no host has goes away,
    unless it says `keep`.
    """
    kept = set(known) - {part.host for part in holdings if not part.problems}
    seen = _collect((part, key, "", runs) for part in holdings for key, runs in part.images.items())
    strange = _collect((part, key, name, runs) for part in holdings for (key, name), runs in part.sourceless.items())
    images = {image.key: image for image in lock.images}
    without_source = {image.id: image for image in lock.without_source}
    merged = [
        _merge_image(key, images.get(key), seen.get(key, _Presence()), kept) for key in sorted({**images, **seen})
    ]
    rest = [
        _merge_sourceless(identity, without_source.get(identity), strange.get(identity, _Presence()), kept)
        for identity in sorted({**without_source, **strange})
    ]
    return LockFile(
        tuple(image for image in merged if image.running or image.idle or image.keep),
        lock.forbidden,
        tuple(image for image in rest if image.running or image.idle),
    )


def _collect(sightings: Iterable[tuple[Holdings, Hashable, str, bool]]) -> dict[Any, _Presence]:
    """Where each image is, from (a host's holdings, its key, its name there, whether it runs)."""
    presences: dict[Any, _Presence] = {}
    for part, key, name, is_running in sightings:
        presence = presences.setdefault(key, _Presence())
        (presence.running if is_running else presence.idle).add(part.host)
        presence.platforms.update(part.platforms)
        presence.names.update(filter(None, [name]))
    return presences


def _merge_image(
    key: tuple[str, str, str], entry: LockedImage | None, presence: _Presence, kept: set[str]
) -> LockedImage:
    is_kept = entry is not None and entry.keep
    if entry is not None and (presence.carry(entry, kept) or is_kept):
        presence.platforms.update(entry.platforms)
    platforms = tuple(sorted(presence.platforms))
    return LockedImage(*key, platforms=platforms, keep=is_kept, **presence.hosts())


def _merge_sourceless(
    identity: str, entry: SourcelessImage | None, presence: _Presence, kept: set[str]
) -> SourcelessImage:
    if entry is not None and presence.carry(entry, kept):
        presence.names.update(entry.names)
    return SourcelessImage(identity, tuple(sorted(presence.names)), **presence.hosts())
