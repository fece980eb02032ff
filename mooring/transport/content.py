"""Bytes on their way to a host: known by size and digest, streamed in chunks, never wholly in
memory if a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from mooring.agent.wire import CHUNK
from mooring.files.reading import check_file


class Content:
    """Bytes that are in memory already."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces of at most CHUNK."""
        for start in range(0, self.size, CHUNK):
            yield self._data[start : start + CHUNK]

    def sha1(self) -> str:
        """Ansible's `checksum` of the bytes, hexadecimal."""
        digest = hashlib.sha1(usedforsecurity=False)
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()


class FileContent(Content):
    """The bytes of a file on the control machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = check_file(path).st_size

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces of at most CHUNK."""
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
