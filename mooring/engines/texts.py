"""What is read from a host for engines other than Docker's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

PODMAN, CRIO, CONTAINERD, BUILDKIT = "podman", "crio", "containerd", "buildkit"


@dataclass(frozen=True)
class Unit:
    """A service: what `systemctl cat` prints, its states, the running process's argv, and the paths
    of those files that changed after it began."""

    text: str = ""
    states: Mapping[str, str] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()

    @property
    def is_there(self) -> bool:
        return bool(self.text)

    @property
    def is_active(self) -> bool:
        return self.states.get("ActiveState") == "active"


@dataclass(frozen=True)
class ContainerTexts:
    """`programs` are versions by program; `files` texts by path, None for one that is not there;
    `certificates` the file names by directory of certificates and registry; `environment` those
    variables that name a configuration."""

    programs: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str | None] = field(default_factory=dict)
    certificates: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    has_docker: bool = False

    def below(self, directory: str, suffix: str) -> list[tuple[str, str]]:
        """(path, text) of the files right below a directory, in the order of their names."""
        return [
            (path, text)
            for path, text in sorted(self.files.items())
            if text is not None and path.rpartition("/")[0] == directory and path.endswith(suffix)
        ]

    def unit(self, name: str) -> Unit:
        return self.units.get(name, Unit())


@dataclass(frozen=True)
class ContainerEngine:
    """podman, CRI-O, containerd or BuildKit, and its version as numbers."""

    name: str
    version: tuple[int, ...]

    def is_at_least(self, *version: int) -> bool:
        return self.version >= version

    def __str__(self) -> str:
        return " ".join(filter(None, [self.name, ".".join(map(str, self.version))]))


def recognize(name: str, version: str) -> ContainerEngine:
    """The engine by what `NAME --version` prints; without a version it counts as very
    old, and says none."""
    version_match = re.search(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?", version)
    return ContainerEngine(name, tuple(int(part) for part in version_match.groups() if part) if version_match else ())
