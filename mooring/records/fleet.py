"""How the hosts of a fleet stand, as `invoke status` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from mooring.records.hub import HUB
from mooring.records.mirror import MirrorRecord
from mooring.records.route import Route

# The drift of a host without any, and a cell without a value.
NONE, NOTHING = "none", "-"


@dataclass(frozen=True)
class Service:
    """One of the two: `state` and `health` in Docker's words ("absent" where there is no container,
    "" for no check).

    `answers` says whether /v2/ was answered 200 or 401, `reason` what came in place of that.
    """

    state: str = "absent"
    health: str = ""
    restarts: int = 0
    answers: bool = False
    reason: str = ""

    @property
    def is_well(self) -> bool:
        return self.state == "running" and self.health != "unhealthy" and self.answers

    @property
    def condition(self) -> str:
        """What Docker says of it, in one word."""
        return self.health if self.state == "running" and self.health == "unhealthy" else self.state

    @property
    def word(self) -> str:
        """One word for people: the worst of it."""
        if self.state != "running":
            return self.state
        return self.health if self.health == "unhealthy" else "answers" if self.answers else "no answer"


@dataclass(frozen=True)
class Disk:
    """The file system of the registry's storage; `free_bytes` is what others than
    root may still write."""

    path: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class ServerRecord:
    """The registry's server: `certificate` has the keys of --json, None where the
    server has no TLS.

    `disk` is None where it cannot be looked at; `storage` says what keeps images from being written
    or seen, "" where nothing does; `mirror` is None where it was not looked at.
    """

    registry: Service
    nginx: Service
    certificate: Mapping[str, Any] | None = None
    disk: Disk | None = None
    storage: str = ""
    mirror: MirrorRecord | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data: numbers, booleans, dates as ISO 8601 in UTC."""
        return {
            "registry": vars(self.registry).copy(),
            "nginx": vars(self.nginx).copy(),
            "certificate": self.certificate,
            "disk": None if self.disk is None else vars(self.disk).copy(),
            "storage": self.storage,
            "mirror": None if self.mirror is None else self.mirror.as_dict(),
        }


@dataclass(frozen=True)
class Row:
    """One host. `registry` and `hub` say how pulls go there now, `drift` what is not as it should
    be ("none"), `do` what the operator does about it; `notes` are the details, `server` how the
    registry stands on its server."""

    host: str
    engine: str
    version: str
    registry: str
    hub: str
    drift: str
    _: KW_ONLY
    do: str = ""
    notes: tuple[str, ...] = ()
    server: ServerRecord | None = None
    routes: Mapping[str, Route] = field(default_factory=dict, compare=False)

    @property
    def is_unreachable(self) -> bool:
        return self.drift == "unreachable"

    @property
    def has_drifted(self) -> bool:
        return not self.is_unreachable and self.drift != NONE

    def as_dict(self) -> dict[str, Any]:
        """Plain data; None for what the host has not, or what could not be looked at."""
        names = [name for name in self.routes if name != HUB]
        return {
            "host": self.host,
            "engine": None if self.engine == NOTHING else self.engine,
            "version": None if self.version == NOTHING else self.version,
            "registry": route_as_dict(names[0], self.routes[names[0]]) if names else None,
            "hub": route_as_dict(HUB, self.routes[HUB]) if HUB in self.routes else None,
            "drift": self.drift,
            "drifted": self.has_drifted,
            "unreachable": self.is_unreachable,
            "do": self.do or None,
            "notes": list(self.notes),
            "server": self.server and self.server.as_dict(),
        }


def route_as_dict(name: str, route: Route) -> dict[str, Any]:
    """Whom an image of this registry is asked of, in their order; `refusal` says why nobody is."""
    endpoints = [{"kind": endpoint.kind, "url": endpoint.url, "tls": endpoint.tls} for endpoint in route.endpoints]
    return {"name": name, "endpoints": endpoints, "refusal": route.refusal or None}
