"""What layers are copied between: a real registry behind the lab's hub, and a real registry that is
to be filled."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.local_hub import LocalHub, run_hub
from tests.support.local_registry import LocalRegistry, run_registry

MIB = 1024 * 1024
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TOKENS, BLOBS = "/token", "/registry-v2/"


@dataclass(frozen=True)
class Layer:
    """A layer that the upstream has."""

    digest: str
    size: int
    repository: str = "library/nginx"

    def entry(self, target: str = "", **more: Any) -> dict[str, Any]:
        """What the module is told of it."""
        names = {"source_repository": self.repository, "target_repository": target or self.repository}
        return {**names, "digest": self.digest, "size": self.size, **more}


@dataclass(frozen=True)
class BlobWorld:
    """`directory` is where the module keeps what is not whole."""

    upstream: LocalRegistry
    hub: LocalHub
    own: LocalRegistry
    directory: Path

    def push(self, size: int, repository: str = "library/nginx") -> Layer:
        """A layer of random bytes, at the upstream."""
        content = os.urandom(size)
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        location = ask(self.upstream, "POST", f"/v2/{repository}/blobs/uploads/")[1]["Location"]
        url = location.partition(self.upstream.authority)[2] + f"&digest={digest}"
        assert ask(self.upstream, "PUT", url, content)[0] == 201
        # A repository without a tag is none to the hub.
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": size}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}
        text = json.dumps(manifest).encode()
        assert ask(self.upstream, "PUT", f"/v2/{repository}/manifests/latest", text, MANIFEST)[0] == 201
        return Layer(digest, size, repository)

    def arguments(self, *blobs: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """The module's arguments for these entries."""
        own = {"source": self.hub.url, "target": self.own.url, "directory": str(self.directory), "timeout": 10}
        return {**own, "blobs": list(blobs), **more}

    def has(self, layer: Layer, repository: str = "") -> bool:
        """Whether one's own registry serves the layer, byte for byte."""
        status, _, content = ask(self.own, "GET", f"/v2/{repository or layer.repository}/blobs/{layer.digest}")
        return status == 200 and "sha256:" + hashlib.sha256(content).hexdigest() == layer.digest

    def stored(self, registry: LocalRegistry, layer: Layer) -> Path:
        """The file in which a registry keeps the layer."""
        name = layer.digest.partition(":")[2]
        return registry.storage / "docker/registry/v2/blobs/sha256" / name[:2] / name / "data"

    def fetches(self, layer: Layer) -> list[tuple[int, int]]:
        """(first byte, number of bytes sent) of each of the hub's answers with bytes of the layer,
        in their order."""
        name = layer.digest.partition(":")[2]
        lines = [line for line in self.hub.requests() if line["path"].startswith(BLOBS) and name in line["path"]]
        starts = [int(line["range"].partition("=")[2].partition("-")[0] or 0) for line in lines]
        return [(start, line["bytes"]) for start, line in zip(starts, lines, strict=True) if line["status"] < 300]


def ask(
    registry: LocalRegistry, method: str, path: str, body: bytes = b"", kind: str = "application/octet-stream"
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of a registry's answer."""
    connection = http.client.HTTPConnection(registry.authority)
    connection.request(method, path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content  # type: ignore[return-value]


@contextmanager
def run_blob_world(work: Path) -> Iterator[BlobWorld]:
    with (
        run_registry(work / "upstream") as upstream,
        run_registry(work / "own") as own,
        run_hub(work / "hub", upstream.url) as hub,
    ):
        yield BlobWorld(upstream, hub, own, work / "sync")
