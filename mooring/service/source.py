"""What images are taken from, and what they are put into; and an upstream that counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from mooring.errors import RegistryError
from mooring.registry.image import Blob
from mooring.registry.upstream import Upstream
from mooring.service.budget import TOO_MANY, Budget, OutOfBudget

Answer = TypeVar("Answer")


class Source(Protocol):
    """Where images come from; threads share it. All of it raises RegistryError."""

    @property
    def title(self) -> str:
        """What it is called in sentences."""

    def resolve(self, repository: str, reference: str) -> str | None:
        """The digest of a tag or digest; None where there is none."""

    def fetch_manifest(self, repository: str, reference: str) -> Blob | None:
        """The manifest, with the digest where it is asked for by one; None where there is none."""

    def fetch_referrers(self, repository: str, digest: str) -> Blob | None:
        """The index of what refers to a manifest, where the source answers the referrers API."""

    def open_blob(self, repository: str, digest: str, start: int, size: int) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes from `start` on of a blob of that size; nobody has checked them."""


class Target(Protocol):
    """Where images go; threads share it. All of it raises RegistryError."""

    def resolve(self, repository: str, reference: str) -> str | None:
        """The digest of a tag or digest; None where there is none."""

    def fetch_manifest(self, repository: str, reference: str) -> Blob | None:
        """A manifest that it has; None where it has none."""

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether it has the blob in this repository."""

    def count_partial(self, digest: str) -> int:
        """How many bytes of a blob are there from a run that was broken off, to be gone on from."""

    def mount_blob(self, repository: str, digest: str, origin: str) -> bool:
        """Take a blob from another repository of the same target; whether that could be done."""

    def push_pieces(self, repository: str, digest: str, pieces: Iterable[bytes]) -> None:
        """Put a blob there that comes in pieces, behind what `count_partial` says; the target
        checks its digest."""

    def push_manifest(self, repository: str, reference: str, manifest: Blob) -> str:
        """Put a manifest there under a tag or its digest, and return this."""


class CountedSource:
    """An upstream asked within its budget: waits where it says 429, OutOfBudget where it must
    end."""

    def __init__(self, upstream: Upstream, budget: Budget, sleep: Callable[[float], None] = time.sleep) -> None:
        self.upstream, self.budget, self._sleep = upstream, budget, sleep

    @property
    def title(self) -> str:
        return self.budget.registry

    def resolve(self, repository: str, reference: str) -> str | None:
        """By HEAD, which is not counted."""
        return self._repeat(lambda: self.upstream.resolve(repository, reference))

    def fetch_manifest(self, repository: str, reference: str) -> Blob | None:
        """By GET, which is."""
        return self._repeat(lambda: self._fetch(repository, reference))

    def fetch_referrers(self, repository: str, digest: str) -> Blob | None:
        return self._repeat(lambda: self.upstream.fetch_referrers(repository, digest))

    def open_blob(self, repository: str, digest: str, start: int, size: int) -> AbstractContextManager[Iterator[bytes]]:
        return self.upstream.open_blob(repository, digest, start, size)

    def _fetch(self, repository: str, reference: str) -> Blob | None:
        self.budget.take()
        is_answered = False
        try:
            blob = self.upstream.fetch_manifest(repository, reference)
            is_answered = True
            return blob
        except RegistryError as error:
            is_answered = error.status > 0
            raise
        finally:
            self.budget.give_back(is_answered)

    def _repeat(self, ask: Callable[[], Answer]) -> Answer:
        while True:
            try:
                return ask()
            except RegistryError as error:
                if error.status != TOO_MANY or isinstance(error, OutOfBudget):
                    raise
            self._sleep(self.budget.pause())
