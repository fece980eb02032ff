"""The way of layers through the control machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from mooring.errors import RegistryError
from mooring.fleet.workers import Workers
from mooring.service.copying import Copy
from mooring.service.manifests import Part
from mooring.service.source import Source, Target

PARALLEL = 3
CHUNK = 8 * 1024 * 1024
# How often a layer is asked for again without anything new having come.
MOST_ATTEMPTS = 3
# Told of every bit: how many bytes more have come.
Count = Callable[[int], None]


class Holders:
    """Which repositories of the target are known to hold a blob, from what this run has brought there."""

    def __init__(self) -> None:
        self._repositories: dict[str, list[str]] = {}

    def note(self, digest: str, repository: str) -> None:
        repositories = self._repositories.setdefault(digest, [])
        if repository not in repositories:
            repositories.append(repository)

    def others(self, digest: str, repository: str) -> list[str]:
        return [other for other in self._repositories.get(digest, ()) if other != repository]


class ControlMover:
    """Streams layers through this machine, three at a time; of each no more than a chunk is in memory."""

    def __init__(self, source: Source, target: Target, count: Count = lambda size: None) -> None:
        self._source, self._target, self._count = source, target, count
        self._holders = Holders()

    def move(self, copy: Copy, parts: Sequence[Part]) -> int:
        """See Mover."""
        sent = Workers(PARALLEL).do(lambda part: self._move(copy, part), parts)
        return sum(sent)

    def _move(self, copy: Copy, part: Part) -> int:
        repository = copy.origin.target
        sent = 0
        if not self._target.has_blob(repository, part.digest) and not self._mount(repository, part.digest):
            self._target.push_pieces(repository, part.digest, self._chunks(copy.origin.repository, part))
            sent = part.size
        else:
            self._count(part.size)
        self._holders.note(part.digest, repository)
        return sent

    def _mount(self, repository: str, digest: str) -> bool:
        others = self._holders.others(digest, repository)
        return any(self._target.mount_blob(repository, digest, other) for other in others[:1])

    def _chunks(self, repository: str, part: Part) -> Iterator[bytes]:
        """The blob in chunks; RegistryError before the last one where its size or its digest is another one."""
        buffer, digest = bytearray(), hashlib.new(part.digest.partition(":")[0])
        for piece in self._pieces(repository, part):
            digest.update(piece)
            buffer += piece
            if len(buffer) >= CHUNK:
                yield bytes(buffer)
                buffer.clear()
        algorithm = part.digest.partition(":")[0]
        if f"{algorithm}:{digest.hexdigest()}" != part.digest:
            raise RegistryError("registry", f"{repository}: the layer {part.digest} comes with other bytes")
        if buffer:
            yield bytes(buffer)

    def _pieces(self, repository: str, part: Part) -> Iterator[bytes]:
        """The blob's bytes, asked for again from where they broke off."""
        done, attempts = 0, 0
        while done < part.size:
            before = done
            try:
                with self._source.open_blob(repository, part.digest, done) as pieces:
                    for piece in pieces:
                        done += len(piece)
                        if done > part.size:
                            raise RegistryError("registry", f"{repository}: {part.digest} is larger than it says", 400)
                        self._count(len(piece))
                        yield piece
                reason = f"{repository}: {part.digest} ends after {done} of {part.size} bytes"
                error = RegistryError("registry", reason)
            except RegistryError as failure:
                error = failure
            attempts = 0 if done > before else attempts + 1
            if done != part.size and (attempts >= MOST_ATTEMPTS or 400 <= error.status < 500):
                raise error
