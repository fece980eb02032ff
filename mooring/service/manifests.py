"""What a manifest names: its children, configuration and layers.

Pure; every word of it is foreign, and is checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mooring.errors import RegistryError
from mooring.registry.image import MANIFEST_LIST, OCI, OCI_INDEX, SCHEMA2, Blob
from mooring.registry.transport import shorten
from mooring.service.image_names import is_digest

INDEXES = (OCI_INDEX, MANIFEST_LIST)
IMAGES = (OCI, SCHEMA2)
# Of what one manifest may name; the largest indexes of Docker Hub have some dozens.
MOST_PARTS = 4096
LARGEST = 1 << 50


@dataclass(frozen=True)
class Part:
    """A manifest or a blob by its digest, its size in bytes, and what kind it is said to be."""

    digest: str
    size: int
    media_type: str


@dataclass(frozen=True)
class Manifest:
    """A manifest's bytes, and what must be there before a registry takes it."""

    blob: Blob
    children: tuple[Part, ...] = ()
    parts: tuple[Part, ...] = ()


def read_manifest(blob: Blob, where: str) -> Manifest:
    """What the manifest says; `where` is its name, for the error. RegistryError where it is none
    that can be copied."""
    try:
        document = json.loads(blob.content)
    except (ValueError, RecursionError):
        raise RegistryError("registry", f"{where} is no manifest: it is no JSON") from None
    if not isinstance(document, dict):
        raise RegistryError("registry", f"{where} is no manifest: it is no object")
    if document.get("schemaVersion") == 1:
        reason = "it is of schema 1, from before Docker 1.10: pull it and push it anew"
        raise RegistryError("registry", f"{where} cannot be copied: {reason}")
    stated_type = document.get("mediaType") or blob.media_type
    if stated_type in INDEXES:
        return Manifest(Blob(blob.content, stated_type), children=tuple(_read_parts(document, "manifests", where)))
    if stated_type in IMAGES:
        config = _read_part(document.get("config"), where)
        return Manifest(Blob(blob.content, stated_type), parts=(config, *_read_parts(document, "layers", where)))
    raise RegistryError("registry", f"{where} cannot be copied: its kind is {shorten(repr(stated_type), 80)}")


def _read_parts(document: dict[str, Any], key: str, where: str) -> Iterator[Part]:
    """The descriptors of a list, without what the image's author keeps elsewhere, by `urls`."""
    entries = document.get(key)
    if not isinstance(entries, list) or len(entries) > MOST_PARTS:
        raise RegistryError("registry", f"{where} is no manifest: {key} is no list of up to {MOST_PARTS}")
    for entry in entries:
        part = _read_part(entry, where)
        if not entry.get("urls"):
            yield part


def _read_part(entry: Any, where: str) -> Part:
    entry = entry if isinstance(entry, dict) else {}
    digest, size, kind = entry.get("digest"), entry.get("size"), entry.get("mediaType", "")
    is_sized = isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= LARGEST
    if not isinstance(digest, str) or not is_digest(digest) or not is_sized or not isinstance(kind, str):
        raise RegistryError("registry", f"{where} is no manifest: {shorten(repr(entry), 80)} describes nothing")
    return Part(digest, int(size), kind)
