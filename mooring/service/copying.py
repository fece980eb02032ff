"""Copying one image, its digest unchanged, with all that belongs to it.

Nothing is pushed before what it names is there. The tag comes last: an
image that has its tag is whole, so a run that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mooring.errors import RegistryError
from mooring.fleet.workers import Workers
from mooring.registry.image import Blob
from mooring.registry.transport import shorten
from mooring.service.image_places import Origin
from mooring.service.manifests import Manifest, Part, read_manifest
from mooring.service.source import Source, Target

AT_ONCE = 4
DEEPEST = 4
# How many bytes are done, of how many.
Tell = Callable[[int, int], None]
MOST_MANIFESTS = 2000
# Signatures and the like, as cosign tags them: `sha256-HEX.sig`.
SUFFIXES = (".sig", ".att", ".sbom")


class NotThere(RegistryError):
    """The source does not have the image."""

    def __init__(self, reason: str) -> None:
        super().__init__("registry", reason, 404)


@dataclass(frozen=True)
class Copy:
    """An image to be copied: from where, by which digest; `tag` is "" where it gets none."""

    origin: Origin
    tag: str
    digest: str

    def __str__(self) -> str:
        return f"{self.origin.registry}/{self.origin.repository}" + (f":{self.tag}" if self.tag else f"@{self.digest}")


class Mover(Protocol):
    """Gets blobs to the target by its own way."""

    def move(self, copy: Copy, parts: Sequence[Part], tell: Tell) -> int:
        """Make the target's repository hold these; how many bytes came from the source.
        RegistryError for less."""


@dataclass(frozen=True)
class Gathered:
    """Manifests in the order in which they are pushed, each with the tag that it gets, "" for
    none."""

    manifests: tuple[tuple[str, Manifest], ...]

    def parts(self) -> list[Part]:
        """All blobs of them, each once."""
        return list({part.digest: part for _, manifest in self.manifests for part in manifest.parts}.values())


class Copier:
    """Copies from a source to a target; layers go the mover's way."""

    def __init__(self, source: Source, target: Target, mover: Mover) -> None:
        self._source, self._target, self._mover = source, target, mover

    def copy(self, copy: Copy, tell: Tell = lambda done, total: None) -> int:
        """How many bytes of blobs came from the source; NotThere, OutOfBudget or another
        RegistryError."""
        repository, reference = copy.origin.target, copy.tag or copy.digest
        own = self._target.fetch_manifest(repository, copy.digest)
        if own is not None:  # whole, or it would not be there; only its tag is another one
            self._target.push_manifest(repository, reference, read_manifest(own, str(copy)).blob)
            return 0
        gathered = self.gather(copy)
        sent = self._mover.move(copy, gathered.parts(), tell)
        for tag, manifest in gathered.manifests:
            self._target.push_manifest(repository, tag or manifest.blob.digest, manifest.blob)
        return sent

    def gather(self, copy: Copy) -> Gathered:
        """All manifests that the target lacks, those first that others name, the image itself
        last."""
        if self._source.resolve(copy.origin.repository, copy.digest) is None:
            raise NotThere(f"{self._source.title} has no {copy.origin.repository}@{copy.digest} (any more)")
        top = self._fetch(copy, copy.digest)
        manifests = [("", child) for child in self._descend(copy, top)]
        manifests += self._gather_referrers(copy)
        kept = {(tag, manifest.blob.digest): manifest for tag, manifest in manifests}
        ordered = [(tag, manifest) for (tag, _), manifest in kept.items()]
        return Gathered((*ordered, (copy.tag, top)))

    def _descend(self, copy: Copy, manifest: Manifest, depth: int = 1) -> list[Manifest]:
        """The children that the target lacks, and theirs, deepest first."""
        if depth > DEEPEST:
            raise RegistryError("registry", f"{copy}: its indexes name each other more than {DEEPEST} levels deep")
        digests = list(dict.fromkeys(child.digest for child in manifest.children))
        fetched = Workers(AT_ONCE).do(lambda digest: self._fetch_lacking(copy, digest), digests)
        below: list[Manifest] = []
        for child in (child for child in fetched if child is not None):
            below += [*self._descend(copy, child, depth + 1), child]
            if len(below) > MOST_MANIFESTS:
                raise RegistryError("registry", f"{copy} has more than {MOST_MANIFESTS} manifests")
        return below

    def _fetch_lacking(self, copy: Copy, digest: str) -> Manifest | None:
        if self._target.resolve(copy.origin.target, digest) is not None:
            return None
        return self._fetch(copy, digest)

    def _fetch(self, copy: Copy, reference: str) -> Manifest:
        blob = self._source.fetch_manifest(copy.origin.repository, reference)
        if blob is None:
            raise NotThere(f"{self._source.title} has no {copy.origin.repository}@{shorten(reference)} (any more)")
        return read_manifest(blob, f"{copy.origin.registry}/{copy.origin.repository}@{reference}")

    def _gather_referrers(self, copy: Copy) -> Iterable[tuple[str, Manifest]]:
        """What refers to the image: by the referrers API, else by the tag that stands for it; and
        cosign's tags."""
        mark = copy.digest.replace(":", "-")
        index = self._source.fetch_referrers(copy.origin.repository, copy.digest)
        if index is not None:
            yield from self._gather_tagged(copy, mark, index)
        tags = [*(() if index else (mark,)), *(f"{mark}{suffix}" for suffix in SUFFIXES)]
        digests = Workers(AT_ONCE).do(lambda tag: self._source.resolve(copy.origin.repository, tag), tags)
        for tag, digest in zip(tags, digests, strict=True):
            if digest is None or digest == self._target.resolve(copy.origin.target, tag):
                continue
            yield from self._gather_tagged(copy, tag, self._source.fetch_manifest(copy.origin.repository, digest))

    def _gather_tagged(self, copy: Copy, tag: str, blob: Blob | None) -> Iterable[tuple[str, Manifest]]:
        if blob is None:
            return
        manifest = read_manifest(blob, f"{copy}: {tag}")
        yield from (("", child) for child in self._descend(copy, manifest))
        yield tag, manifest
