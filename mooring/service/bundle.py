"""A bundle: a directory in the OCI image layout that carries images to where there is no network.

It is a target while it is filled, and a source where a registry is filled from it. A blob has its
name only when it is whole; what has come of one lies in `partial/`, and goes on from there, after a
killed run too.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mooring.errors import RegistryError, UsageError, on_one_line
from mooring.files.writing import replace_text
from mooring.registry.image import OCI_INDEX, Blob, digest_of
from mooring.registry.names import is_repository, is_tag
from mooring.registry.upstream import MOST_MANIFEST
from mooring.service.image_names import is_digest
from mooring.service.source import Target

VERSION = "1"
MARK = "io.mooring.bundle.version"
REPOSITORY, TAG = "io.mooring.bundle.repository", "org.opencontainers.image.ref.name"
LAYOUT = {"imageLayoutVersion": "1.0.0"}
LARGEST_INDEX = 64 * 1024 * 1024
CHUNK = 256 * 1024
# A manifest by its repository and its tag; without a tag, by its digest.
Key = tuple[str, str]


class Bundle:
    """The directory; threads share it. What cannot be written or is not as it should be is
    RegistryError."""

    def __init__(self, root: Path, descriptors: dict[Key, dict[str, Any]]) -> None:
        self.root, self._descriptors = root, descriptors
        self._lock = threading.Lock()

    @classmethod
    def create(cls, root: Path) -> Bundle:
        """The bundle there, a new one where nothing is; UsageError where something else is."""
        try:
            if root.exists() and any(root.iterdir()):
                return cls.open(root)
            (root / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
            (root / "partial").mkdir(exist_ok=True)
        except OSError as error:
            raise UsageError(f"{_name(root)}: {error.strerror}") from None
        bundle = cls(root, {})
        bundle._write()
        replace_text(root / "oci-layout", json.dumps(LAYOUT))
        return bundle

    @classmethod
    def look(cls, root: Path) -> Bundle:
        """The bundle as it is, perhaps not there yet; nothing is written."""
        return cls.open(root) if root.exists() and any(root.iterdir()) else cls(root, {})

    @classmethod
    def open(cls, root: Path) -> Bundle:
        """The bundle that is there; UsageError where none is, or one of another version."""
        try:
            with (root / "index.json").open("rb") as file:
                text = file.read(LARGEST_INDEX + 1)
        except OSError as error:
            raise UsageError(f"{_name(root)} is no bundle: index.json: {error.strerror}") from None
        try:
            document = json.loads(text if len(text) <= LARGEST_INDEX else b"")
            version = (document.get("annotations") or {}).get(MARK)
            entries = document.get("manifests")
            if version is None:
                raise UsageError(f"{_name(root)} is no bundle of Mooring's: its index.json does not say {MARK}")
            if version != VERSION:
                shown = on_one_line(str(version))[:40]
                reason = f"{_name(root)} is a bundle of version {shown}, and this Mooring reads version {VERSION}"
                raise UsageError(f"{reason}: fill it anew with the Mooring that is to read it")
            return cls(root, dict(_read_entry(entry) for entry in entries))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            raise UsageError(f"{_name(root)} is no bundle: its index.json cannot be read") from None

    # --- as a source ---

    @property
    def title(self) -> str:
        return f"the bundle {_name(self.root)}"

    def resolve(self, repository: str, reference: str) -> str | None:
        """The digest of what is there under this tag or digest."""
        descriptor = self._descriptors.get((repository, reference))
        if descriptor is None and is_digest(reference):
            named = any(
                name == repository and entry["digest"] == reference for (name, _), entry in self._descriptors.items()
            )
            return reference if named else None
        return str(descriptor["digest"]) if descriptor else None

    def fetch_manifest(self, repository: str, reference: str) -> Blob | None:
        """A manifest with its digest; None where the bundle has none."""
        digest = self.resolve(repository, reference)
        if digest is None:
            return None
        entries = (entry for entry in self._descriptors.values() if entry["digest"] == digest)
        content = self._read(digest)
        if digest_of(content, digest.partition(":")[0]) != digest:
            raise RegistryError("registry", f"{_name(self.root)}: {digest} has other bytes")
        return Blob(content, str(next(entries)["mediaType"]))

    def fetch_referrers(self, repository: str, digest: str) -> Blob | None:
        """A bundle has them under the tag that stands for them."""
        return None

    @contextmanager
    def open_blob(self, repository: str, digest: str, start: int, size: int) -> Iterator[Iterator[bytes]]:
        """The blob's bytes from `start` on."""
        try:
            with self._path(digest).open("rb") as file:
                file.seek(start)
                yield iter(lambda: file.read(CHUNK), b"")
        except OSError as error:
            raise RegistryError("registry", f"{_name(self.root)}: {digest}: {error.strerror}", 404) from None

    # --- as a target ---

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether it is there, whole; a bundle has one of each for all repositories."""
        return self._path(digest).is_file()

    def mount_blob(self, repository: str, digest: str, origin: str) -> bool:
        """Nothing to do: what is there is there for all."""
        return self.has_blob(repository, digest)

    def count_partial(self, digest: str) -> int:
        """How many bytes of the blob have come so far."""
        path = self._partial(digest)
        return path.stat().st_size if path.is_file() else 0

    def push_pieces(self, repository: str, digest: str, pieces: Iterable[bytes]) -> None:
        """Put a blob there, behind what has come of it before; RegistryError where it
        is not the digest's."""
        partial = self._partial(digest)
        try:
            with partial.open("ab") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            if _digest_file(partial, digest.partition(":")[0]) != digest:
                partial.unlink()
                raise RegistryError("registry", f"{repository}: the layer {digest} comes with other bytes")
            self._path(digest).parent.mkdir(parents=True, exist_ok=True)
            partial.replace(self._path(digest))
        except OSError as error:
            raise RegistryError("registry", f"{_name(self.root)}: {digest}: {error.strerror}") from None

    def push_manifest(self, repository: str, reference: str, manifest: Blob) -> str:
        """Put a manifest there under a tag or its digest."""
        with self._lock:
            if not self._path(manifest.digest).is_file():
                self._partial(manifest.digest).unlink(missing_ok=True)
                self.push_pieces(repository, manifest.digest, [manifest.content])
            self._descriptors[repository, reference] = manifest.descriptor()
            self._write()
        return manifest.digest

    # --- below ---

    def _write(self) -> None:
        entries = []
        for (repository, reference), descriptor in sorted(self._descriptors.items()):
            tag = {} if is_digest(reference) else {TAG: reference}
            entries.append({**descriptor, "annotations": {REPOSITORY: repository, **tag}})
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "annotations": {MARK: VERSION}, "manifests": entries}
        replace_text(self.root / "index.json", json.dumps(index, indent=1))

    def _read(self, digest: str) -> bytes:
        try:
            with self._path(digest).open("rb") as file:
                return file.read(MOST_MANIFEST + 1)
        except OSError as error:
            raise RegistryError("registry", f"{_name(self.root)}: {digest}: {error.strerror}") from None

    def _path(self, digest: str) -> Path:
        algorithm, _, hexadecimal = digest.partition(":")
        return self.root / "blobs" / algorithm / hexadecimal

    def _partial(self, digest: str) -> Path:
        return self.root / "partial" / digest.replace(":", "-")


class Delta:
    """A bundle that takes only what a registry lacks."""

    def __init__(self, bundle: Bundle, registry: Target) -> None:
        self._bundle, self._registry = bundle, registry
        self.count_partial, self.push_pieces = bundle.count_partial, bundle.push_pieces
        self.push_manifest, self.mount_blob = bundle.push_manifest, bundle.mount_blob

    def resolve(self, repository: str, reference: str) -> str | None:
        return self._bundle.resolve(repository, reference) or self._registry.resolve(repository, reference)

    def fetch_manifest(self, repository: str, reference: str) -> Blob | None:
        own = self._bundle.fetch_manifest(repository, reference)
        return own or self._registry.fetch_manifest(repository, reference)

    def has_blob(self, repository: str, digest: str) -> bool:
        return self._bundle.has_blob(repository, digest) or self._registry.has_blob(repository, digest)


def _read_entry(entry: Any) -> tuple[Key, dict[str, Any]]:
    """A descriptor of index.json, under its key; ValueError for what is none."""
    annotations, digest = entry["annotations"], entry["digest"]
    repository, tag = annotations[REPOSITORY], annotations.get(TAG, "")
    if not is_repository(repository) or not is_digest(digest):
        raise ValueError
    if tag and not is_tag(tag):
        raise ValueError
    kept = {"mediaType": str(entry["mediaType"]), "size": int(entry["size"]), "digest": digest}
    return (repository, tag or digest), kept


def _digest_file(path: Path, algorithm: str) -> str:
    state = hashlib.new(algorithm)
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(CHUNK), b""):
            state.update(piece)
    return f"{algorithm}:{state.hexdigest()}"


def _name(root: Path) -> str:
    return on_one_line(str(root))
