"""The registry's HTTP API, version 2: what this project needs of it, without a Docker engine."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import quote, urlencode

from mooring.errors import MooringError, RegistryError
from mooring.registry.answers import (
    API_HEADER,
    API_VERSION,
    layer_of,
    locate,
    next_page,
    origin_of,
    path_of,
    read_names,
    read_object,
    read_reason,
)
from mooring.registry.image import MANIFEST_LIST, OCI, OCI_INDEX, SCHEMA2, Blob, Image, digest_of
from mooring.registry.names import Rule, is_digest, is_repository, is_tag
from mooring.registry.transport import HttpTransport, Response, shorten

PAGE = 100
# A whole listing, page after page: so many of them, so many bytes, so many seconds.
MOST_PAGES = 1000
MOST_LISTED = 64 * 1024 * 1024
LISTING_SECONDS = 300.0


class Registry:
    """One registry as its clients see it; raises RegistryError, which names the
    layer that is wrong."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport
        self.endpoint = transport.endpoint

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- is it there ---

    def ping(self) -> None:
        """`GET /v2/` answers 200 and names the API's version exactly once."""
        response = self._ask("GET", "/v2/")
        versions = response.values(API_HEADER)
        if versions != [API_VERSION]:
            seen = shorten(" and ".join(versions)) if versions else "nothing"
            raise RegistryError(
                "HTTP", f"{self.endpoint.url}/v2/: {API_HEADER} must be {API_VERSION} once, but is {seen}"
            )

    # --- push ---

    def push(self, repository: str, tag: str, image: Image) -> str:
        """Put a whole image there and return its digest; layers go in chunks, the
        configuration at once."""
        self.push_blob(repository, image.config)
        for layer in image.layers:
            self.push_blob_in_chunks(repository, layer)
        return self.push_manifest(repository, tag, image.manifest)

    def has_blob(self, repository: str, digest: str) -> bool:
        path = f"/v2/{repository}/blobs/{digest}"
        return self._ask("HEAD", path, ok=(200, 404)).status == 200

    def push_blob(self, repository: str, blob: Blob) -> None:
        """Monolithic upload: one request carries it all."""
        if self.has_blob(repository, blob.digest):
            return
        location = self._start_upload(repository)
        self._finish_upload(location, blob.digest, blob.content)

    def push_blob_in_chunks(self, repository: str, blob: Blob, size: int = 5 * 1024 * 1024) -> None:
        """Chunked upload, as Docker engines do it: PATCH after PATCH, then a PUT
        that names the digest."""
        if self.has_blob(repository, blob.digest):
            return
        starts = range(0, len(blob.content), size)
        self.push_pieces(repository, blob.digest, (blob.content[start : start + size] for start in starts))

    def push_pieces(self, repository: str, digest: str, pieces: Iterable[bytes]) -> None:
        """Chunked upload of what comes bit by bit, a PATCH for each piece; the registry
        checks the digest.

        Where the pieces end in an error, what was uploaded is given up.
        """
        location, start = self._start_upload(repository), 0
        try:
            for piece in pieces:
                span = f"{start}-{start + len(piece) - 1}"
                headers = {"Content-Type": "application/octet-stream", "Content-Range": span}
                location = self._follow(self._ask("PATCH", location, piece, headers, ok=(202,)))
                start += len(piece)
        except MooringError:
            with suppress(RegistryError):
                self._ask("DELETE", location, ok=(202, 204, 404, 405))
            raise
        self._finish_upload(location, digest, b"")

    def mount_blob(self, repository: str, digest: str, origin: str) -> bool:
        """Have a blob of another repository of the same registry; whether that could be done."""
        query = urlencode({"mount": digest, "from": origin})
        answer = self._ask("POST", f"/v2/{repository}/blobs/uploads/?{query}", b"", ok=(201, 202))
        if answer.status == 202:
            self._ask("DELETE", self._follow(answer), ok=(202, 204, 404, 405))
        return answer.status == 201

    def push_manifest(self, repository: str, reference: str, manifest: Blob) -> str:
        """Store a manifest under a tag or its digest; returns the digest that the
        registry computed."""
        path = f"/v2/{repository}/manifests/{reference}"
        headers = {"Content-Type": manifest.media_type}
        answer = self._ask("PUT", path, manifest.content, headers, ok=(201,))
        digest = answer.value("Docker-Content-Digest")
        if digest != manifest.digest:
            stored = shorten(digest) or "nothing"
            raise RegistryError(
                "registry", f"{repository}:{reference} was pushed as {manifest.digest}, stored as {stored}"
            )
        return digest

    # --- look ---

    def fetch_manifest(self, repository: str, reference: str) -> Blob | None:
        """The manifest with its media type, or None where there is none; one that was asked for by
        digest has it."""
        answer = self._ask_manifest("GET", repository, reference)
        if answer is None:
            return None
        if is_digest(reference) and reference.startswith("sha256:") and digest_of(answer.body) != reference:
            raise RegistryError("registry", f"{repository}@{reference} is answered by another manifest")
        return Blob(answer.body, answer.value("Content-Type"))

    def resolve(self, repository: str, reference: str) -> str | None:
        """The digest of a tag, without fetching the manifest; None where there is none."""
        answer = self._ask_manifest("HEAD", repository, reference)
        if answer is None:
            return None
        digest = answer.value("Docker-Content-Digest")
        if not is_digest(digest):
            shown = shorten(repr(digest), 80)
            raise RegistryError("registry", f"{repository}:{reference} has the digest {shown}, which is none")
        return digest

    def tags(self, repository: str) -> list[str]:
        """All tags of a repository; empty where it does not exist."""
        return self._list(f"/v2/{repository}/tags/list", "tags", is_tag)

    def catalog(self) -> list[str]:
        """The names of all repositories, including empty ones."""
        return self._list("/v2/_catalog", "repositories", is_repository)

    def names_after(self, name: str, most: int) -> list[str]:
        """The names of so many repositories at most that come after `name` in the registry's
        order."""
        path = f"/v2/_catalog?{urlencode({'n': most, 'last': name})}"
        answer = self._ask("GET", path, ok=(200, 404))
        url = f"{self.endpoint.url}/v2/_catalog"
        return [] if answer.status == 404 else read_names(read_object(answer, url), "repositories", is_repository, url)

    # --- below ---

    def _start_upload(self, repository: str) -> str:
        answer = self._ask("POST", f"/v2/{repository}/blobs/uploads/", b"", ok=(202,))
        return self._follow(answer)

    def _finish_upload(self, location: str, digest: str, rest: bytes) -> None:
        joint = "&" if "?" in location else "?"
        path = f"{location}{joint}{urlencode({'digest': digest})}"
        self._ask("PUT", path, rest, {"Content-Type": "application/octet-stream"}, ok=(201,))

    def _follow(self, answer: Response) -> str:
        """The path to go on with; a Location that leads elsewhere is the proxy's
        fault and is named so."""
        target = locate(self.endpoint, answer.value("Location"))
        if origin_of(target) != self.endpoint.url:
            raise RegistryError(
                "HTTP",
                f"uploads are sent to {shorten(origin_of(target))}, not to {self.endpoint.url}:"
                " the proxy must pass on Host ($http_host) and X-Forwarded-Proto",
            )
        return path_of(target)

    def _ask_manifest(self, method: str, repository: str, reference: str) -> Response | None:
        headers = {"Accept": ", ".join((SCHEMA2, OCI, MANIFEST_LIST, OCI_INDEX))}
        path = f"/v2/{repository}/manifests/{reference}"
        answer = self._ask(method, path, headers=headers, ok=(200, 404))
        return answer if answer.status == 200 else None

    def _list(self, path: str, key: str, is_name: Rule) -> list[str]:
        """All names of a listing, page by page; a list that does not end is an error."""
        names: list[str] = []
        seen: set[str] = set()
        size, end = 0, time.monotonic() + LISTING_SECONDS
        next_path: str | None = f"{path}?n={PAGE}"
        while next_path:
            url = f"{self.endpoint.url}{path}"
            if next_path in seen:
                raise RegistryError("registry", f"{url}: the list goes in a circle")
            seen.add(next_path)
            left = end - time.monotonic()
            if len(seen) > MOST_PAGES or size > MOST_LISTED or left <= 0:
                raise RegistryError("registry", f"{url}: the list does not end ({len(names)} names came)")
            answer = self._ask("GET", next_path, ok=(200, 404), seconds=left)
            if answer.status == 404:
                break
            size += len(answer.body)
            names += read_names(read_object(answer, url), key, is_name, url)
            next_path = next_page(self.endpoint, answer)
        return names

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        ok: tuple[int, ...] = (200,),
        seconds: float = LISTING_SECONDS,
    ) -> Response:
        response = self._transport.send(method, quote(path, safe="/:?&=%+~,"), body, headers or {}, seconds)
        if response.status not in ok:
            question = f"{method} {self.endpoint.url}{shorten(path)}"
            reason = f"{question}: {response.status}: {read_reason(response)}"
            raise RegistryError(layer_of(response), reason, response.status)
        return response
