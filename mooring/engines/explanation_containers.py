"""What `invoke explain` tells of engines other than Docker's: podman, CRI-O,
containerd and BuildKit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field
from typing import Any

from mooring.engines.buildkit import buildkitd_toml
from mooring.engines.buildkit.conflicts import find_conflicts as find_buildkit_conflicts
from mooring.engines.buildkit.endpoints import explain as explain_buildkit
from mooring.engines.containerd import config
from mooring.engines.containerd.endpoints import explain as explain_containerd
from mooring.engines.containerd.rules import find_conflicts as find_containerd_conflicts
from mooring.engines.docker.conflicts import Conflict
from mooring.engines.docker.rules import will_start
from mooring.engines.origin import Placed, settings_as_dict
from mooring.engines.podman import effective
from mooring.engines.podman.endpoints import explain as explain_podman
from mooring.engines.podman.rules import find_conflicts as find_podman_conflicts
from mooring.engines.texts import BUILDKIT, CONTAINERD, CRIO, PODMAN, ContainerTexts, Unit
from mooring.records.route import Route

# In the order in which they are taken where nobody names one.
ENGINES = (PODMAN, CRIO, CONTAINERD, BUILDKIT)
COMMANDS = {PODMAN: "podman pull", CRIO: "crictl pull", CONTAINERD: "crictl pull", BUILDKIT: "FROM"}
STOPS = {
    PODMAN: "every command of podman fails",
    CRIO: "CRI-O does not start, or refuses every pull",
    CONTAINERD: "containerd does not start, or runs without its CRI plugin",
    BUILDKIT: "buildkitd does not start",
}


@dataclass(frozen=True)
class ContainerExplanation:
    """What the files mean for a pull; these engines read them at every command, or as soon as they
    are reloaded."""

    host: str
    image: str
    name: str
    engine: str
    later: Route
    conflicts: tuple[Conflict, ...] = ()
    _: KW_ONLY
    settings: Mapping[str, list[Placed]] = field(default_factory=dict)

    # What only Docker's engines tell of themselves.
    has_daemon, now, differences, boot = False, None, (), None

    @property
    def command(self) -> str:
        return COMMANDS[self.name]

    @property
    def stopped(self) -> str:
        return STOPS[self.name]

    @property
    def will_start(self) -> bool:
        return will_start(list(self.conflicts))

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data, in the keys that Docker's engines have as well."""
        return {
            "host": self.host,
            "image": self.image,
            "engine": self.engine,
            "now": None,
            "after_restart": asdict(self.later),
            "will_start": self.will_start,
            "conflicts": [{**asdict(conflict), "severity": conflict.severity.value} for conflict in self.conflicts],
            "differences": [],
            "settings": settings_as_dict(self.settings),
            "at_boot": None,
        }


def choose(texts: ContainerTexts, among: tuple[str, ...] = ENGINES) -> str:
    """The first engine that is there, empty where there is none; containerd below
    docker is docker's."""
    there = {PODMAN: PODMAN, CRIO: CRIO, CONTAINERD: "" if texts.has_docker else CONTAINERD, BUILDKIT: "buildkitd"}
    return next((name for name in among if there[name] in texts.programs), "")


def build(host: str, image: str, texts: ContainerTexts, name: str) -> ContainerExplanation:
    """What the host's texts mean to this engine for a pull of the image."""
    if name == CONTAINERD:
        containerd = config.resolve(texts)
        route, judged, settings = (
            explain_containerd(image, containerd),
            find_containerd_conflicts(containerd),
            containerd.settings(),
        )
        return ContainerExplanation(host, image, name, str(containerd.engine), route, tuple(judged), settings=settings)
    if name == BUILDKIT:
        file = buildkitd_toml.resolve(texts)
        route, judged, settings = explain_buildkit(image, file), find_buildkit_conflicts(file), file.settings()
        return ContainerExplanation(host, image, name, str(file.engine), route, tuple(judged), settings=settings)
    conf = effective.resolve(texts, name)
    route, judged, settings = explain_podman(image, conf), find_podman_conflicts(conf), conf.settings()
    return ContainerExplanation(host, image, name, str(conf.engine), route, tuple(judged), settings=settings)


def texts_of(reply: Mapping[str, Any]) -> ContainerTexts:
    """The module's reply as the resolvers want it."""
    return ContainerTexts(
        programs=reply["programs"],
        files=reply["files"],
        certificates={
            directory: {name: tuple(names) for name, names in listed.items()}
            for directory, listed in reply["certificates"].items()
        },
        units={
            name: Unit(unit["text"], unit["states"], tuple(unit["argv"]), tuple(unit["newer"]))
            for name, unit in reply["units"].items()
        },
        environment=reply["environment"],
        has_docker=reply["docker"],
    )  # fmt: skip
