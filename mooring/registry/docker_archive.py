"""A docker-archive on the control machine: what is in it, and its bytes in chunks for a
host that lacks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.agent import docker_archive
from mooring.agent.docker_values import image_name
from mooring.errors import SourceError, Where
from mooring.files.reading import check_file

CHUNK = 256 * 1024


@dataclass(frozen=True)
class ArchivedImage:
    """One image of an archive.

    `ids` are the IDs that an engine may give it: the digest of its configuration first (the classic
    image store), then those of its manifest and index (the containerd store). `layers` are the
    digests of its unpacked layers.
    """

    names: tuple[str, ...]
    ids: tuple[str, ...]
    layers: tuple[str, ...]


@dataclass(frozen=True)
class DockerArchive:
    """The output of `docker save`, legacy or OCI layout, plain or gzipped; its bytes are never in
    memory whole."""

    path: Path
    size: int
    images: tuple[ArchivedImage, ...]

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes as they are; a Docker engine takes gzip too."""
        with self.path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk

    def image(self, name: str, tag: str | None = None, where: Where | None = None) -> ArchivedImage:
        """The image of that name, or the only one if it has none; SourceError where neither is in
        the archive."""
        full = image_name(name, tag)
        chosen = docker_archive.choose(self.images, full)
        if chosen is None:
            names = ", ".join(known for image in self.images for known in image.names) or "only images without names"
            raise SourceError(f"{self.path} does not hold the image {full}", where, hint=f"it holds {names}")
        return next(image for image in self.images if image.ids == chosen.ids and image.names == chosen.names)

    def arguments(self, name: str, tag: str | None = None, where: Where | None = None) -> dict[str, Any]:
        """What the module docker_image has to know of the archive to tell whether its
        host needs the bytes."""
        image = self.image(name, tag, where)
        return {
            "archive_ids": list(image.ids),
            "archive_names": list(image.names),
            "archive_layers": list(image.layers),
            "archive_size": self.size,
        }


def read_archive(path: str | Path, where: Where | None = None) -> DockerArchive:
    """Look into an archive; SourceError where the file is missing or is none (`where`: the task
    that names it)."""
    place = Path(path)
    try:
        check_file(place)
    except SourceError as error:
        raise SourceError(f"cannot read the image archive {place}: {error.message}", where) from None
    try:
        images = docker_archive.read_images(str(place))
        size = place.stat().st_size
    except OSError as error:
        raise SourceError(f"cannot read the image archive {place}: {error.strerror or error}", where) from error
    except RecursionError:
        raise SourceError(f"{place} cannot be loaded: its documents nest too deeply", where) from None
    except docker_archive.NotAnArchive as error:
        raise SourceError(f"{place} cannot be loaded: {error}", where) from error
    kept = tuple(ArchivedImage(tuple(image.names), tuple(image.ids), tuple(image.layers)) for image in images)
    return DockerArchive(place, size, kept)
