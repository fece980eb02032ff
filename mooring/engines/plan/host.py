"""A Docker host as the planner is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from hashlib import sha1

from mooring.engines.docker import daemon_json
from mooring.engines.docker.effective import Texts
from mooring.engines.docker.endpoints import CERTIFICATES
from mooring.engines.plan import record

SYSCONFIG = "/etc/sysconfig/docker"


@dataclass(frozen=True)
class Container:
    """A running container and its restart policy ("no" for none)."""

    name: str
    restart: str = "no"

    @property
    def comes_back(self) -> bool:
        """Whether a new daemon starts it again."""
        return self.restart in ("always", "unless-stopped", "on-failure")


@dataclass(frozen=True)
class Paths:
    """Where the files are."""

    sysconfig: str = SYSCONFIG
    daemon_json: str = daemon_json.PATH
    certificates: str = CERTIFICATES
    record: str = record.PATH


@dataclass(frozen=True)
class Host:
    """`state` is what systemd knows of the unit, `registries_service` of
    registries.service; `digests` the sha1 of files by path; `error` why the daemon's API
    did not answer, empty where it did."""

    texts: Texts
    containers: tuple[Container, ...] = ()
    state: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    service: str = "docker"
    _: KW_ONLY
    paths: Paths = field(default_factory=Paths)
    registries_service: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        """Whether a daemon answers."""
        return bool(self.texts.info.get("RegistryConfig"))

    def digest(self, path: str) -> str | None:
        """The sha1 of a file as it is, None where there is none."""
        if path in self.digests:
            return self.digests[path]
        text = self.texts.files.get(path)
        return None if text is None else digest_of(text)


def digest_of(text: str) -> str:
    """The sha1 of a text as a file."""
    return sha1(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
