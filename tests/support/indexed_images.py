"""Images as registries really hold them: an index of platforms with attestations, and
what refers to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mooring.registry.client import Registry
from mooring.registry.image import OCI, OCI_INDEX, Blob, Image, build_image
from mooring.registry.transport import Endpoint, HttpTransport

EMPTY = Blob(b"{}", "application/vnd.oci.empty.v1+json")


@dataclass(frozen=True)
class Indexed:
    """What was pushed: the index, its images, and the referrer with the index under the tag that
    stands for it."""

    index: Blob
    images: tuple[Image, ...]
    referrer: Blob
    referrers: Blob

    @property
    def referrers_tag(self) -> str:
        return self.index.digest.replace(":", "-")

    @property
    def blobs(self) -> set[str]:
        """The digests of all layers and configurations, the referrer's too."""
        return {blob.digest for image in self.images for blob in image.blobs} | {EMPTY.digest}


def push_indexed(url: str, repository: str, tag: str, layer: bytes = b"layer") -> Indexed:
    """Push an index of two platforms and an attestation, a referrer to it, and a
    cosign signature's tag."""
    attestation = build_image({"attestation": layer}, "unknown", OCI)
    images = (*(build_image({"file": layer + name.encode()}, name, OCI) for name in ("amd64", "arm64")), attestation)
    with open_registry(url) as registry:
        for image in images:
            for blob in image.blobs:
                registry.push_blob(repository, blob)
            registry.push_manifest(repository, image.digest, image.manifest)
        index = _index([image.manifest.descriptor() for image in images])
        registry.push_blob(repository, EMPTY)
        signature = {"config": EMPTY.descriptor(), "layers": [EMPTY.descriptor()], "subject": index.descriptor()}
        referrer = _manifest({"artifactType": "application/example.signature", **signature})
        registry.push_manifest(repository, referrer.digest, referrer)
        registry.push_manifest(repository, tag, index)
        referrers = _index([referrer.descriptor()])
        registry.push_manifest(repository, index.digest.replace(":", "-"), referrers)
        registry.push_manifest(repository, index.digest.replace(":", "-") + ".sig", referrer)
    return Indexed(index, images, referrer, referrers)


def open_registry(url: str) -> Registry:
    """A registry at http://HOST:PORT."""
    host, _, port = url.partition("//")[2].rpartition(":")
    return Registry(HttpTransport(Endpoint(host, int(port))))


def _manifest(members: dict[str, Any]) -> Blob:
    return encode_manifest(members, OCI)


def _index(descriptors: list[dict[str, Any]]) -> Blob:
    return encode_manifest({"manifests": descriptors}, OCI_INDEX)


def encode_manifest(members: dict[str, Any], kind: str) -> Blob:
    """A manifest of this kind; `members` are what it has besides that."""
    document = {"schemaVersion": 2, "mediaType": kind, **members}
    return Blob(json.dumps(document, indent=1).encode(), kind)
