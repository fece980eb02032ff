"""One's own registry as the target of copies, over connections that threads share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from mooring.registry.client import Registry
from mooring.registry.image import Blob
from mooring.registry.pool import Pool
from mooring.registry.transport import Endpoint

Answer = TypeVar("Answer")


class RegistryTarget:
    """See Target."""

    def __init__(self, endpoint: Endpoint, pool: Pool) -> None:
        self._endpoint, self._pool = endpoint, pool

    def resolve(self, repository: str, reference: str) -> str | None:
        return self._ask(lambda registry: registry.resolve(repository, reference))

    def fetch_manifest(self, repository: str, reference: str) -> Blob | None:
        return self._ask(lambda registry: registry.fetch_manifest(repository, reference))

    def has_blob(self, repository: str, digest: str) -> bool:
        return self._ask(lambda registry: registry.has_blob(repository, digest))

    def count_partial(self, digest: str) -> int:
        return 0  # nobody could tell what digest it has so far

    def mount_blob(self, repository: str, digest: str, origin: str) -> bool:
        return self._ask(lambda registry: registry.mount_blob(repository, digest, origin))

    def push_pieces(self, repository: str, digest: str, pieces: Iterable[bytes]) -> None:
        self._ask(lambda registry: registry.push_pieces(repository, digest, pieces))

    def push_manifest(self, repository: str, reference: str, manifest: Blob) -> str:
        return self._ask(lambda registry: registry.push_manifest(repository, reference, manifest))

    def _ask(self, question: Callable[[Registry], Answer]) -> Answer:
        with self._pool.lend(self._endpoint) as transport:
            return question(Registry(transport))
