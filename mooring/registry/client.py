"""The registry's HTTP API, version 2: what this project needs of it, without a Docker engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from mooring.errors import RegistryError
from mooring.registry.image import MANIFEST_LIST, OCI, OCI_INDEX, SCHEMA2, Blob, Image
from mooring.registry.transport import HttpTransport, Response

API_HEADER = "Docker-Distribution-Api-Version"
API_VERSION = "registry/2.0"
PAGE = 100


class Registry:
    """One registry as its clients see it; raises RegistryError, which names the layer that is wrong."""

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
            found = " and ".join(versions) if versions else "nothing"
            raise RegistryError(
                "HTTP", f"{self.endpoint.url}/v2/: {API_HEADER} must be {API_VERSION} once, but is {found}"
            )

    # --- push ---

    def push(self, repository: str, tag: str, image: Image) -> str:
        """Put a whole image there and return its digest; layers go in chunks, the configuration at once."""
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
        self._finish_upload(location, blob, blob.content)

    def push_blob_in_chunks(self, repository: str, blob: Blob, size: int = 5 * 1024 * 1024) -> None:
        """Chunked upload, as Docker engines do it: PATCH after PATCH, then a PUT that names the digest."""
        if self.has_blob(repository, blob.digest):
            return
        location = self._start_upload(repository)
        for start in range(0, len(blob.content), size):
            chunk = blob.content[start : start + size]
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Range": f"{start}-{start + len(chunk) - 1}",
            }
            location = self._follow(self._ask("PATCH", location, chunk, headers, ok=(202,)))
        self._finish_upload(location, blob, b"")

    def push_manifest(self, repository: str, reference: str, manifest: Blob) -> str:
        """Store a manifest under a tag or its digest; returns the digest that the registry computed."""
        path = f"/v2/{repository}/manifests/{reference}"
        headers = {"Content-Type": manifest.media_type}
        answer = self._ask("PUT", path, manifest.content, headers, ok=(201,))
        digest = answer.value("Docker-Content-Digest")
        if digest != manifest.digest:
            raise RegistryError(
                "registry", f"{repository}:{reference} was pushed as {manifest.digest}, stored as {digest}"
            )
        return digest

    # --- look ---

    def fetch_manifest(self, repository: str, reference: str) -> Blob | None:
        """The manifest with its media type, or None where there is none."""
        answer = self._ask_manifest("GET", repository, reference)
        return None if answer is None else Blob(answer.body, answer.value("Content-Type"))

    def resolve(self, repository: str, reference: str) -> str | None:
        """The digest of a tag, without fetching the manifest; None where there is none."""
        answer = self._ask_manifest("HEAD", repository, reference)
        return None if answer is None else answer.value("Docker-Content-Digest")

    def tags(self, repository: str) -> list[str]:
        """All tags of a repository; empty where it does not exist."""
        pages = self._pages(f"/v2/{repository}/tags/list")
        return [tag for page in pages for tag in page.get("tags") or []]

    def catalog(self) -> list[str]:
        """The names of all repositories, including empty ones."""
        return [name for page in self._pages("/v2/_catalog") for name in page.get("repositories") or []]

    # --- below ---

    def _start_upload(self, repository: str) -> str:
        answer = self._ask("POST", f"/v2/{repository}/blobs/uploads/", b"", ok=(202,))
        return self._follow(answer)

    def _finish_upload(self, location: str, blob: Blob, rest: bytes) -> None:
        joint = "&" if "?" in location else "?"
        path = f"{location}{joint}{urlencode({'digest': blob.digest})}"
        self._ask("PUT", path, rest, {"Content-Type": "application/octet-stream"}, ok=(201,))

    def _follow(self, answer: Response) -> str:
        """The path to go on with; a Location that leads elsewhere is the proxy's fault and is named so."""
        target = urlsplit(urljoin(self.endpoint.url, answer.value("Location")))
        if f"{target.scheme}://{target.netloc}" != self.endpoint.url:
            raise RegistryError(
                "HTTP",
                f"uploads are sent to {target.scheme}://{target.netloc}, not to {self.endpoint.url}:"
                " the proxy must pass on Host ($http_host) and X-Forwarded-Proto",
            )
        return f"{target.path}?{target.query}" if target.query else target.path

    def _ask_manifest(self, method: str, repository: str, reference: str) -> Response | None:
        headers = {"Accept": ", ".join((SCHEMA2, OCI, MANIFEST_LIST, OCI_INDEX))}
        path = f"/v2/{repository}/manifests/{reference}"
        answer = self._ask(method, path, headers=headers, ok=(200, 404))
        return answer if answer.status == 200 else None

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        next_path: str | None = f"{path}?n={PAGE}"
        while next_path:
            answer = self._ask("GET", next_path, ok=(200, 404))
            if answer.status == 404:
                return
            yield json.loads(answer.body)
            link = re.search(r'<([^>]+)>\s*;\s*rel="?next', answer.value("Link"))
            next_path = _path_of(urljoin(self.endpoint.url, link.group(1))) if link else None

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        ok: tuple[int, ...] = (200,),
    ) -> Response:
        response = self._transport.send(method, quote(path, safe="/:?&=%+~,"), body, headers or {})
        if response.status not in ok:
            raise _refusal(self.endpoint.url, method, path, response)
        return response


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _refusal(url: str, method: str, path: str, response: Response) -> RegistryError:
    """An answer that was not asked for, with the registry's own words, and whose fault it is."""
    try:
        errors = json.loads(response.body)["errors"]
        reason = "; ".join(f"{error['code']}: {error.get('message', '')}" for error in errors)
    except (ValueError, KeyError, TypeError):
        reason = response.body[:200].decode("utf-8", "replace").strip() or "no reason given"
    # A gateway error comes from nginx: it is there, and what stands behind it is not.
    is_registry = response.status in (502, 503, 504) or API_VERSION in response.values(API_HEADER)
    layer = "registry" if is_registry else "HTTP"
    return RegistryError(layer, f"{method} {url}{path}: {response.status}: {reason}", response.status)
