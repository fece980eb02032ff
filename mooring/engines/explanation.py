"""What a Docker host's texts mean for a pull of an image: now, after a restart, after a boot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass
from typing import Any

from mooring.engines.docker.boot import Boot, at_boot
from mooring.engines.docker.conflicts import Conflict
from mooring.engines.docker.effective import Effective, Texts, resolve
from mooring.engines.docker.endpoints import Host, explain
from mooring.engines.docker.registries import Registries, as_it_runs, by_files
from mooring.engines.docker.reply import texts_of
from mooring.engines.docker.rules import find_conflicts, will_start
from mooring.engines.docker.running import differences
from mooring.engines.explanation_containers import ENGINES as CONTAINER_ENGINES
from mooring.engines.explanation_containers import ContainerExplanation
from mooring.engines.origin import settings_as_dict
from mooring.records.explanation import Difference, Fault, NextBoot, PullExplanation
from mooring.records.route import Route

DOCKER, AUTO = "docker", "auto"
ENGINES = (AUTO, DOCKER, *CONTAINER_ENGINES)


@dataclass(frozen=True)
class BootExplanation:
    """The next boot: `route` is None where it is as after a restart, `conflicts` are those that
    only a boot meets."""

    boot: Boot
    route: Route | None
    conflicts: tuple[Conflict, ...]

    @property
    def differs(self) -> bool:
        return bool(self.boot.reasons or self.route or self.conflicts)

    @property
    def will_start(self) -> bool:
        return self.boot.starts and will_start(find_conflicts(self.boot.effective))

    def as_dict(self) -> dict[str, Any]:
        """What --json tells; `route` is null where it is as after a restart."""
        return {
            "starts": self.boot.starts,
            "will_start": self.will_start,
            "reasons": list(self.boot.reasons),
            "route": asdict(self.route) if self.route else None,
            "conflicts": [{**asdict(conflict), "severity": conflict.severity.value} for conflict in self.conflicts],
        }


@dataclass(frozen=True)
class Explanation:
    """`now` is the running daemon's route, None where none runs; `later` the one after its next
    start, `boot` what is other after the next boot, where that is known."""

    host: str
    image: str
    effective: Effective
    now: Route | None
    later: Route
    conflicts: tuple[Conflict, ...]
    _: KW_ONLY
    differences: tuple[Difference, ...]
    boot: BootExplanation | None = None

    has_daemon = True
    command = "docker pull"
    stopped = "the daemon will not start again"

    @property
    def engine(self) -> str:
        return str(self.effective.engine)

    @property
    def will_start(self) -> bool:
        return will_start(list(self.conflicts))

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data, for --json."""
        return {
            "host": self.host,
            "image": self.image,
            "engine": self.engine,
            "now": asdict(self.now) if self.now else None,
            "after_restart": asdict(self.later),
            "will_start": self.will_start,
            "conflicts": [{**asdict(conflict), "severity": conflict.severity.value} for conflict in self.conflicts],
            "differences": [asdict(difference) for difference in self.differences],
            "settings": settings_as_dict(self.effective.settings()),
            "at_boot": self.boot.as_dict() if self.boot else None,
        }


def build(host: str, image: str, texts: Texts, boot: Boot | None = None) -> Explanation:
    """What the host's texts mean for a pull of the image."""
    effective = resolve(texts)
    running = as_it_runs(effective)
    now = explain(image, route_host(effective, running)) if running else None
    later = explain(image, route_host(effective, by_files(effective)))
    conflicts = tuple(find_conflicts(effective))
    boot_explanation = None
    if boot is not None:
        after = explain(image, route_host(boot.effective, by_files(boot.effective)))
        known = set(conflicts)
        judged = tuple(conflict for conflict in find_conflicts(boot.effective) if conflict not in known)
        boot_explanation = BootExplanation(boot, after if after != later else None, judged)
    return Explanation(
        host, image, effective, now, later, conflicts, differences=tuple(differences(effective)), boot=boot_explanation
    )


def route_host(effective: Effective, registries: Registries) -> Host:
    """What a route depends on."""
    return Host(effective.engine, registries, effective.texts.certificates, effective.texts.files)


def boot_of(reply: Mapping[str, Any]) -> Boot:
    """The host after its next boot."""
    return at_boot(texts_of(reply), reply.get("state") or {}, reply.get("registries_service") or {})


def record(explanation: Explanation | ContainerExplanation) -> PullExplanation:
    """The explanation as people are shown it."""
    boot = explanation.boot
    return PullExplanation(
        host=explanation.host,
        command=explanation.command,
        image=explanation.image,
        engine=explanation.engine,
        has_daemon=explanation.has_daemon,
        now=explanation.now,
        later=explanation.later,
        faults=_faults(explanation.conflicts),
        differences=tuple(explanation.differences),
        stopped="" if explanation.will_start else explanation.stopped,
        boot=None
        if boot is None or not boot.differs
        else NextBoot(tuple(boot.boot.reasons), boot.route, _faults(boot.conflicts), boot.will_start),
    )


def _faults(conflicts: tuple[Conflict, ...]) -> tuple[Fault, ...]:
    return tuple(Fault(conflict.rule, conflict.severity.value, str(conflict)) for conflict in conflicts)
