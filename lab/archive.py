"""Container images without an engine: one layer made of a directory, as a docker-archive or as a
registry's storage.

The bytes depend on the content alone, so the same recipe makes the same image ID everywhere.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EPOCH = 1_600_000_000


@dataclass(frozen=True)
class Image:
    """One image: its layer as an uncompressed tar, its configuration as JSON, and
    the names it goes by."""

    layer: bytes
    config: bytes
    names: tuple[str, ...]


def make_image(root: Path, settings: Mapping[str, Any], names: tuple[str, ...], architecture: str) -> Image:
    """The image of all files under ROOT; SETTINGS are the configuration's own
    (Entrypoint, Cmd, Env, …)."""
    layer = _pack(root)
    config = {
        "architecture": architecture,
        "os": "linux",
        "created": "2020-09-13T12:26:40Z",
        "config": dict(settings),
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        "history": [{"created": "2020-09-13T12:26:40Z", "created_by": "lab/bundles.py"}],
    }
    return Image(layer, json.dumps(config, sort_keys=True).encode(), names)


def write_archive(images: list[Image], path: Path) -> None:
    """A docker-archive at PATH, as `docker save` makes it and `docker load` takes it."""
    entries = []
    partial = path.with_suffix(".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(partial, "w", format=tarfile.GNU_FORMAT) as archive:
        for image in images:
            config = f"{hashlib.sha256(image.config).hexdigest()}.json"
            layer = f"{hashlib.sha256(image.layer).hexdigest()}/layer.tar"
            _add(archive, config, image.config)
            _add(archive, layer, image.layer)
            entries.append({"Config": config, "RepoTags": list(image.names), "Layers": [layer]})
        _add(archive, "manifest.json", json.dumps(entries).encode())
    partial.rename(path)


def write_storage(images: list[Image], root: Path) -> None:
    """The images as a registry keeps them on its disk; names are REPOSITORY:TAG."""
    for image in images:
        layer = gzip.compress(image.layer, compresslevel=6, mtime=0)
        blobs = [_describe("container.image.v1+json", image.config)]
        blobs += [_describe("image.rootfs.diff.tar.gzip", layer)]
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "config": blobs[0],
                "layers": blobs[1:],
            }
        ).encode()
        for data in (image.config, layer, manifest):
            place = root / "blobs/sha256" / _hex(data)[:2] / _hex(data) / "data"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        for name in image.names:
            repository, _, tag = name.partition(":")
            here = root / "repositories" / repository
            for data in (image.config, layer):
                _link(here / "_layers/sha256" / _hex(data), data)
            _link(here / "_manifests/revisions/sha256" / _hex(manifest), manifest)
            _link(here / "_manifests/tags" / tag / "current", manifest)
            _link(here / "_manifests/tags" / tag / "index/sha256" / _hex(manifest), manifest)


def _pack(root: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(root.rglob("*")):
            info = archive.gettarinfo(path, str(path.relative_to(root)))
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = EPOCH
            if info.isreg():
                with path.open("rb") as handle:
                    archive.addfile(info, handle)
            else:
                archive.addfile(info)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(data), EPOCH
    archive.addfile(info, io.BytesIO(data))


def _describe(kind: str, data: bytes) -> dict[str, object]:
    return {"mediaType": f"application/vnd.docker.{kind}", "size": len(data), "digest": _digest(data)}


def _link(directory: Path, data: bytes) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "link").write_text(_digest(data))


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest(data: bytes) -> str:
    return f"sha256:{_hex(data)}"
