"""The way of layers through the control machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence

from mooring.errors import RegistryError
from mooring.fleet.workers import Workers
from mooring.service.copying import Copy, Tell
from mooring.service.manifests import Part
from mooring.service.source import Source, Target

PARALLEL = 3
CHUNK = 4 * 1024 * 1024
# How often a layer is asked for again without anything new having come.
MOST_ATTEMPTS = 3


class Holders:
    """Which repositories of the target are known to hold a blob, from what this run
    has brought there."""

    def __init__(self) -> None:
        self._repositories: dict[str, list[str]] = {}

    def note(self, digest: str, repository: str) -> None:
        repositories = self._repositories.setdefault(digest, [])
        if repository not in repositories:
            repositories.append(repository)

    def others(self, digest: str, repository: str) -> list[str]:
        return [other for other in self._repositories.get(digest, ()) if other != repository]


class Meter:
    """Counts the bytes of one image, for several threads."""

    def __init__(self, total: int, tell: Tell) -> None:
        self._done, self._total, self._tell = 0, total, tell
        self._lock = threading.Lock()

    def count(self, size: int) -> None:
        with self._lock:
            self._done += size
            self._tell(self._done, self._total)


class ControlMover:
    """Streams layers through this machine, three at a time; of each no more than a
    chunk is in memory."""

    def __init__(self, source: Source, target: Target, holders: Holders) -> None:
        self._source, self._target, self._holders = source, target, holders

    def move(self, copy: Copy, parts: Sequence[Part], tell: Tell) -> int:
        """See Mover."""
        meter = Meter(sum(part.size for part in parts), tell)
        return sum(Workers(PARALLEL).do(lambda part: self._move(copy, part, meter), parts))

    def _move(self, copy: Copy, part: Part, meter: Meter) -> int:
        repository = copy.origin.target
        is_there = self._target.has_blob(repository, part.digest) or self._mount(repository, part.digest)
        if is_there:
            meter.count(part.size)
        else:
            self._target.push_pieces(repository, part.digest, self._chunks(copy.origin.repository, part, meter))
        self._holders.note(part.digest, repository)
        return 0 if is_there else part.size

    def _mount(self, repository: str, digest: str) -> bool:
        others = self._holders.others(digest, repository)
        return any(self._target.mount_blob(repository, digest, other) for other in others[:1])

    def _chunks(self, repository: str, part: Part, meter: Meter) -> Iterator[bytes]:
        """The blob in chunks, from where an earlier run has come.

        RegistryError before the last one where its size or its digest is another one.
        """
        algorithm, start = part.digest.partition(":")[0], self._target.count_partial(part.digest)
        buffer, digest = bytearray(), hashlib.new(algorithm)
        meter.count(start)
        for piece in self._pieces(repository, part, meter, start):
            digest.update(piece)
            buffer += piece
            if len(buffer) >= CHUNK:
                yield bytes(buffer)
                buffer.clear()
        if not start and f"{algorithm}:{digest.hexdigest()}" != part.digest:
            raise RegistryError("registry", f"{repository}: the layer {part.digest} comes with other bytes")
        if buffer:
            yield bytes(buffer)

    def _pieces(self, repository: str, part: Part, meter: Meter, start: int) -> Iterator[bytes]:
        """The blob's bytes from `start` on, asked for again from where they broke off."""
        done, attempts = start, 0
        while done < part.size:
            before = done
            try:
                with self._source.open_blob(repository, part.digest, done, part.size) as pieces:
                    for piece in pieces:
                        done += len(piece)
                        if done > part.size:
                            raise RegistryError("registry", f"{repository}: {part.digest} is larger than it says", 400)
                        meter.count(len(piece))
                        yield piece
                reason = f"{repository}: {part.digest} ends after {done} of {part.size} bytes"
                error = RegistryError("registry", reason)
            except RegistryError as failure:
                error = failure
            attempts = 0 if done > before else attempts + 1
            if done != part.size and (attempts >= MOST_ATTEMPTS or 400 <= error.status < 500):
                raise error
