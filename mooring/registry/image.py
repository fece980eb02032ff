"""A tiny image made in memory: a configuration and one layer, as the registry wants to have
them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCHEMA2 = "application/vnd.docker.distribution.manifest.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

# What a manifest of each kind calls its configuration and its layers.
_PARTS = {
    SCHEMA2: (
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ),
    OCI: (
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    ),
}

# The kernel's word for a machine (`docker info` says it) -> the image's word for it.
_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
    "i686": "386",
    "i386": "386",
}

EPOCH = "1970-01-01T00:00:00Z"


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    """The content's digest as registries write it: `sha256:` and 64 hexadecimal digits."""
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def architecture_of(machine: str) -> str:
    """The architecture that an image must name to run on this machine; unknown
    words stay as they are."""
    return _ARCHITECTURES.get(machine, machine)


@dataclass(frozen=True)
class Blob:
    """Bytes that the registry keeps under their own digest."""

    content: bytes
    media_type: str

    @property
    def digest(self) -> str:
        return digest_of(self.content)

    def descriptor(self) -> dict[str, Any]:
        """How a manifest refers to this blob."""
        return {"mediaType": self.media_type, "size": len(self.content), "digest": self.digest}


@dataclass(frozen=True)
class Image:
    """A manifest with what it refers to; push the blobs first, the manifest last."""

    manifest: Blob
    config: Blob
    layers: tuple[Blob, ...]

    @property
    def digest(self) -> str:
        """The manifest's digest: what a pull reports, and what `NAME@DIGEST` asks for."""
        return self.manifest.digest

    @property
    def blobs(self) -> tuple[Blob, ...]:
        return (self.config, *self.layers)


def build_image(files: Mapping[str, bytes], architecture: str = "amd64", kind: str = SCHEMA2) -> Image:
    """An image whose root file system is `files`; the same arguments give the same bytes.

    `kind` is SCHEMA2 (every engine since Docker 1.10) or OCI. Nothing in it can run:
    it is to be pulled.
    """
    config_type, layer_type = _PARTS[kind]
    tar = _pack_tar(files)
    layer = Blob(gzip.compress(tar, mtime=0), layer_type)
    config = Blob(_encode(_describe(architecture, digest_of(tar))), config_type)
    manifest = {
        "schemaVersion": 2,
        "mediaType": kind,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    return Image(Blob(_encode(manifest), kind), config, (layer,))


def _describe(architecture: str, layer: str) -> dict[str, Any]:
    """The image's configuration; `layer` is the digest of the layer before compression."""
    return {
        "architecture": architecture,
        "os": "linux",
        "created": EPOCH,
        "config": {"Cmd": ["/none"], "Labels": {"org.opencontainers.image.title": "mooring proof"}},
        "rootfs": {"type": "layers", "diff_ids": [layer]},
        "history": [{"created": EPOCH, "created_by": "mooring"}],
    }


def _pack_tar(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o444
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def _encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2, sort_keys=True).encode("ascii")
