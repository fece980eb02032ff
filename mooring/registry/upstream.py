"""A registry that images are taken from, such as Docker Hub: tokens, redirects, addresses, limits.

Its answers are foreign. What is asked for by a digest is taken only where it has that digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote

from mooring.errors import RegistryError
from mooring.registry.answers import locate, path_of, read_object, read_reason
from mooring.registry.image import MANIFEST_LIST, OCI, OCI_INDEX, SCHEMA2, Blob, digest_of
from mooring.registry.names import is_digest
from mooring.registry.pool import Pool
from mooring.registry.tokens import AGENT, ANYBODY, PORTS, Account, Tokens
from mooring.registry.transport import Arrival, Endpoint, Head, Response, shorten

ACCEPT = ", ".join((OCI_INDEX, MANIFEST_LIST, OCI, SCHEMA2))
REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
MOST_MANIFEST = 4 * 1024 * 1024
# Told of the method and the head of every answer about a manifest, before anything else is made of
# it.
Observe = Callable[[str, Head], None]


class Upstream:
    """One registry by its addresses, the first that answers; threads share it. RegistryError."""

    def __init__(
        self,
        addresses: Sequence[Endpoint],
        pool: Pool,
        account: Account = ANYBODY,
        observe: Observe = lambda method, head: None,
    ) -> None:
        self._pool, self._observe, self.account = pool, observe, account
        self._places = [(address, Tokens(address, account, pool)) for address in addresses]

    @property
    def endpoint(self) -> Endpoint:
        """The address that is asked first: the one that answered last."""
        return self._places[0][0]

    def resolve(self, repository: str, reference: str) -> str | None:
        """The digest of a tag or digest by HEAD, which no registry counts; None
        where there is none."""
        answer = self._ask_manifest("HEAD", repository, reference)
        if answer is None:
            return None
        digest = answer.value("Docker-Content-Digest") or (reference if is_digest(reference) else "")
        if not is_digest(digest):
            shown = shorten(repr(digest), 80)
            raise RegistryError("registry", f"{repository}:{reference} has the digest {shown}, which is none")
        return digest

    def fetch_manifest(self, repository: str, reference: str) -> Blob | None:
        """A manifest's bytes as they are; None where there is none."""
        answer = self._ask_manifest("GET", repository, reference)
        if answer is None:
            return None
        if len(answer.body) > MOST_MANIFEST:
            raise RegistryError("registry", f"{self.endpoint.url}: {repository}@{reference} is larger than 4 MiB")
        if is_digest(reference) and digest_of(answer.body, reference.partition(":")[0]) != reference:
            reason = f"{self.endpoint.url} answers another manifest than {repository}@{reference}"
            raise RegistryError("registry", reason)
        return Blob(answer.body, answer.value("Content-Type").partition(";")[0].strip())

    def fetch_referrers(self, repository: str, digest: str) -> Blob | None:
        """The index of what refers to a manifest, by the referrers API; None
        where there is nothing.

        Its descriptors are written anew, in the form that the tag for registries
        without this API has.
        """
        path = f"/v2/{repository}/referrers/{digest}"
        answer = self._ask("GET", path, repository, {"Accept": OCI_INDEX}, (200, 400, 404, 405, 501))
        if answer.status != 200 or not answer.value("Content-Type").startswith(OCI_INDEX):
            return None
        descriptors = read_object(answer, f"{self.endpoint.url}{path}").get("manifests")
        if not isinstance(descriptors, list) or not descriptors:
            return None
        if answer.value("Link"):
            raise RegistryError("registry", f"{self.endpoint.url}{path}: too long a list")
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors}
        return Blob(json.dumps(index, separators=(",", ":"), sort_keys=True).encode(), OCI_INDEX)

    @contextmanager
    def open_blob(self, repository: str, digest: str, start: int, size: int) -> Iterator[Iterator[bytes]]:
        """The bytes from `start` on of a blob of that size, wherever we are sent for them.

        Nobody but the registry gets a token; little more than `size` is read.
        """
        path = f"/v2/{repository}/blobs/{digest}"
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._receive(path, repository, headers, size) as arrival:
            if arrival.status in REDIRECTS:
                place, path = self._follow(self.endpoint, arrival)
            else:
                yield _read_from(start, arrival, f"{self.endpoint.url}{path}")
                return
        for _ in range(MOST_REDIRECTS):
            with self._pool.lend(place) as transport, transport.receive(path, _with(headers, ""), size) as arrival:
                if arrival.status not in REDIRECTS:
                    yield _read_from(start, arrival, place.url)
                    return
                place, path = self._follow(place, arrival)
        raise RegistryError("HTTP", f"{self.endpoint.url}: more than {MOST_REDIRECTS} redirects for {digest}")

    # --- below ---

    def _follow(self, place: Endpoint, answer: Head) -> tuple[Endpoint, str]:
        target = locate(place, answer.value("Location"))
        if target.scheme not in PORTS or not target.hostname:
            reason = f"{place.url} sends us to {shorten(answer.value('Location')) or 'nowhere'}"
            raise RegistryError("HTTP", reason)
        if self.endpoint.scheme == "https" and target.scheme != "https":
            raise RegistryError("TLS", f"{place.url} sends us to {shorten(target.hostname)} without TLS")
        return Endpoint(target.hostname, target.port or PORTS[target.scheme], target.scheme), path_of(target)

    @contextmanager
    def _receive(self, path: str, repository: str, headers: dict[str, str], most: int) -> Iterator[Arrival]:
        """A blob's answer from the address in use, with a token where one is asked for."""
        address, tokens = self._places[0]
        scope = scope_of(repository)
        with self._pool.lend(address) as transport:
            header = tokens.header(scope)
            with transport.receive(path, _with(headers, header), most) as arrival:
                if arrival.status != 401:
                    yield arrival
                    return
            header = tokens.renew(scope, header, arrival)
            with transport.receive(path, _with(headers, header), most) as arrival:
                yield arrival

    def _ask_manifest(self, method: str, repository: str, reference: str) -> Response | None:
        path = f"/v2/{repository}/manifests/{reference}"
        answer = self._ask(method, path, repository, {"Accept": ACCEPT}, (200, 404), self._observe)
        return answer if answer.status == 200 else None

    def _ask(
        self,
        method: str,
        path: str,
        repository: str,
        headers: dict[str, str],
        ok: tuple[int, ...],
        observe: Observe = lambda method, head: None,
    ) -> Response:
        """Ask the addresses in turn until one answers; that one is the first from now on."""
        error: RegistryError | None = None
        for address, tokens in list(self._places):
            try:
                answer = self._ask_at(address, tokens, method, path, scope_of(repository), headers)
            except RegistryError as failure:
                error = error or failure
                if failure.status in (401, 403):
                    break
                continue
            observe(method, answer)
            if answer.status in ok:
                if (address, tokens) != self._places[0]:
                    self._places.sort(key=lambda place: place[0] != address)
                return answer
            question = f"{method} {address.url}{shorten(path)}"
            reason = f"{question}: {answer.status}: {read_reason(answer)}"
            error = error or RegistryError("registry", reason, answer.status)
            if answer.status < 429:
                break
        assert error is not None
        raise error

    def _ask_at(
        self, address: Endpoint, tokens: Tokens, method: str, path: str, scope: str, headers: dict[str, str]
    ) -> Response:
        with self._pool.lend(address) as transport:
            header = tokens.header(scope)
            answer = transport.send(method, quote(path, safe="/:@+~"), None, _with(headers, header))
            if answer.status == 401:
                header = tokens.renew(scope, header, answer)
                answer = transport.send(method, quote(path, safe="/:@+~"), None, _with(headers, header))
            return answer


def scope_of(repository: str) -> str:
    """What a token for pulling from a repository says."""
    return f"repository:{repository}:pull"


def _with(headers: dict[str, str], authorization: str) -> dict[str, str]:
    headers = {**headers, "User-Agent": AGENT}
    return {**headers, "Authorization": authorization} if authorization else headers


def _read_from(start: int, arrival: Arrival, place: str) -> Iterator[bytes]:
    """The body from `start` on, also from a server that knows no ranges."""
    if arrival.status == 206 and arrival.value("Content-Range").startswith(f"bytes {start}-"):
        yield from arrival.pieces
        return
    if arrival.status != 200:
        raise RegistryError("registry", f"{shorten(place)}: {arrival.status} in place of a layer", arrival.status)
    skipped = 0
    for piece in arrival.pieces:
        keep = piece[max(0, start - skipped) :]
        skipped += len(piece)
        if keep:
            yield keep
