"""images.lock.yml: the images that the fleet runs and has, by digest, and what the
operator says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mooring import source
from mooring.errors import SourceError, Where
from mooring.files.writing import replace_text
from mooring.service.lock_entries import LockedImage, LockFile, SourcelessImage
from mooring.service.lock_reading import VERSION, read_lock

__all__ = ["NAME", "LockFile", "LockedImage", "SourcelessImage", "format_lock", "read_lock_file", "write_lock_file"]

NAME = "images.lock.yml"
HEADING = """\
# The images of the fleet by digest, as the task `images` found them. Edit it as you like, and keep it
# in version control; comments of your own are not kept. An entry with `keep: true` stays though no
# host has the image. Names, name:tag and name/* under `forbidden` are never copied. What stands under
# `without_source` came to its hosts without a registry.
---
"""
WIDTH = 100
# libyaml writes the same, and much faster.
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read_lock_file(path: str | Path) -> LockFile:
    """What the file says; SourceError with the place of the first mistake, the others attached."""
    root = source.load(Path(path))
    if root is None or root.is_null:
        raise SourceError("the file is empty", Where(str(path)), f"a lock file says at least `version: {VERSION}`")
    return read_lock(root)


def write_lock_file(path: str | Path, lock: LockFile) -> bool:
    """Write the file, whole or not at all; whether it was another one. SourceError where that
    cannot be done."""
    return replace_text(path, HEADING + format_lock(lock))


def format_lock(lock: LockFile) -> str:
    """The file's text below its heading: the same for the same content."""
    images = [_encode_image(image) for image in sorted(lock.images, key=lambda image: image.key)]
    content: dict[str, Any] = {"version": VERSION, "images": images}
    if lock.forbidden:
        content["forbidden"] = sorted(lock.forbidden)
    if lock.without_source:
        ordered = sorted(lock.without_source, key=lambda image: image.id)
        content["without_source"] = [
            {"id": image.id, "names": sorted(image.names), **_encode_hosts(image)} for image in ordered
        ]
    return str(yaml.dump(content, Dumper=DUMPER, sort_keys=False, default_flow_style=None, width=WIDTH))


def _encode_image(image: LockedImage) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": image.name}
    if image.tag:
        entry["tag"] = image.tag
    entry |= {"digest": image.digest, "platforms": sorted(image.platforms), **_encode_hosts(image)}
    if image.keep:
        entry["keep"] = True
    return entry


def _encode_hosts(image: LockedImage | SourcelessImage) -> dict[str, Any]:
    return {"running": sorted(image.running), "idle": sorted(image.idle)}
