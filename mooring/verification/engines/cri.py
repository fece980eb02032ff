"""What containerd and CRI-O share: the kubelet's way to them (CRI), and the programs that go it.

`crictl` asks the running daemon, whose own settings then count. `ctr` comes with every containerd, and reads the files
for itself: it stands in where there is no crictl.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Protocol

from mooring.verification.backend import Ran
from mooring.verification.engines.engine import Asked, ListedImage

NAMESPACE = "k8s.io"
"""Where containerd keeps what CRI pulls."""


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
        return parse_table(self._host.run("ctr", "-n", NAMESPACE, "images", "ls").out)

    def remove(self, references: Sequence[str]) -> Ran:
        return self._host.run("ctr", "-n", NAMESPACE, "images", "rm", *references)


def parse_images(text: str) -> list[ListedImage]:
    """The images in what `crictl images -o json` prints, once for each of their names."""
    found = []
    for image in json.loads(text).get("images") or []:
        digests = dict(name.split("@", 1) for name in image.get("repoDigests") or [])
        for name in image.get("repoTags") or []:
            repository, _, tag = name.rpartition(":")
            found.append(ListedImage(repository, tag, digests.get(repository, ""), image["id"]))
    return found


def parse_table(text: str) -> list[ListedImage]:
    """The images in what `ctr images ls` prints: name, type, digest, and more; bare IDs are no names."""
    found = []
    for line in text.splitlines()[1:]:
        name, _, digest = [*line.split(), "", "", ""][:3]
        repository, colon, tag = name.rpartition(":")
        if colon and "/" in repository and "@" not in name:
            found.append(ListedImage(repository, tag, digest, digest))
    return found
