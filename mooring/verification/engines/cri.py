"""What containerd and CRI-O share: the kubelet's way to them (CRI), and the programs that go it.

`crictl` asks the running daemon, whose own settings then count. `ctr` comes with every containerd,
and reads the files for itself: it stands in where there is no crictl.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Protocol

from mooring.transport.reply_shapes import TEXT, TEXTS, ListOf, OrNull, parse
from mooring.verification.backend import CheckFailed, Ran
from mooring.verification.engines.engine import Asked, ListedImage

NAMESPACE = "k8s.io"
"""Where containerd keeps what CRI pulls."""
IMAGES = {"images": OrNull(ListOf({"id": TEXT, "repoDigests": OrNull(TEXTS), "repoTags": OrNull(TEXTS)}))}


class Client(Protocol):
    """A program that pulls for the engine."""

    def pull(self, reference: str, seconds: int) -> Ran:
        """Pull; standard output has all that was said."""

    def list_images(self) -> list[ListedImage]:
        """Every image that has a name."""

    def remove(self, references: Sequence[str]) -> Ran:
        """Remove images by their names."""


class Crictl:
    """Over CRI."""

    def __init__(self, host: Asked) -> None:
        self._host = host

    def pull(self, reference: str, seconds: int) -> Ran:
        return self._host.run_line(f"timeout {seconds} crictl pull {shlex.quote(reference)} 2>&1")

    def list_images(self) -> list[ListedImage]:
        ran = self._host.run("crictl", "images", "-o", "json")
        return parse_images(ran.out) if ran.rc == 0 else []

    def remove(self, references: Sequence[str]) -> Ran:
        return self._host.run("crictl", "rmi", *references)


class Ctr:
    """By containerd's own client, which is told where the settings of registries are."""

    def __init__(self, host: Asked, hosts_directory: str) -> None:
        self._host, self._directory = host, hosts_directory

    def pull(self, reference: str, seconds: int) -> Ran:
        words = ["ctr", "-n", NAMESPACE, "images", "pull", "--hosts-dir", self._directory, reference]
        return self._host.run_line(f"timeout {seconds} {shlex.join(words)} 2>&1")

    def list_images(self) -> list[ListedImage]:
        return [ListedImage(*name.rpartition(":")[::2], digest, digest) for name, digest in self._rows() if "/" in name]

    def remove(self, references: Sequence[str]) -> Ran:
        """All that is the same image goes: the CRI plugin gives each a second
        name, which is its ID."""
        rows = self._rows()
        digests = {digest for name, digest in rows if name in references}
        return self._images("rm", *[name for name, digest in rows if digest in digests])

    def _rows(self) -> list[tuple[str, str]]:
        return parse_table(self._images("ls").out)

    def _images(self, *words: str) -> Ran:
        return self._host.run("ctr", "-n", NAMESPACE, "images", *words)


def parse_images(text: str) -> list[ListedImage]:
    """The images in what `crictl images -o json` prints, once for each of their names; CheckFailed
    for other words."""
    listed = []
    try:
        images = parse(text, IMAGES, "`crictl images`").get("images") or []
    except ValueError as error:
        raise CheckFailed(str(error)) from None
    for image in images:
        digests = dict(name.split("@", 1) for name in image.get("repoDigests") or [] if "@" in name)
        for name in image.get("repoTags") or []:
            repository, _, tag = name.rpartition(":")
            listed.append(ListedImage(repository, tag, digests.get(repository, ""), image["id"]))
    return listed


def parse_table(text: str) -> list[tuple[str, str]]:
    """[(name, digest)] of what `ctr images ls` prints: name, type, digest, and more; a
    name may be a bare ID."""
    rows = [line.split() for line in text.splitlines()[1:]]
    return [(row[0], row[2]) for row in rows if len(row) > 2 and "@" not in row[0]]
