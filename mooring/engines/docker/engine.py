"""Which Docker engine a host has, and what follows from that."""

from __future__ import annotations

import re
from dataclasses import dataclass

REDHAT, DOCKER = "redhat", "docker"


@dataclass(frozen=True)
class Engine:
    """`flavour` is REDHAT or DOCKER, `version` as numbers; `has_containerd_store`
    tells the image store."""

    flavour: str
    version: tuple[int, ...]
    has_containerd_store: bool = False

    @property
    def is_redhat(self) -> bool:
        return self.flavour == REDHAT

    def is_at_least(self, *version: int) -> bool:
        """Whether the engine is one of Docker's own of this version or newer; Red
        Hat's 1.13.1 never is."""
        return not self.is_redhat and self.version >= version

    def __str__(self) -> str:
        return ("Red Hat's docker " if self.is_redhat else "docker ") + ".".join(map(str, self.version))


def recognize(program: str, version: str, store: str = "") -> Engine:
    """The engine, by its program (not by the system: docker-ce on CentOS has none of
    Red Hat's settings).

    `version` is what the API or `dockerd --version` says; `store` is the API's `driver-type`.
    """
    name = program.rsplit("/", 1)[-1]
    flavour = REDHAT if name in ("dockerd-current", "docker-current") else DOCKER
    match = re.search(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?", version)
    numbers = tuple(int(part) for part in match.groups() if part) if match else (1, 13, 1)
    return Engine(flavour, numbers, store.startswith("io.containerd.snapshotter"))
