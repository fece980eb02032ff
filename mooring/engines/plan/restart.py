"""How a restart is done: with live-restore wherever the engine lets it, so that containers stay
up."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mooring.engines.docker.effective import Effective
from mooring.engines.docker.running import LIVE_RESTORE
from mooring.engines.plan.effect import find_reload_hindrance
from mooring.engines.plan.host import Container, Host
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.step import Fate, Felt


@dataclass(frozen=True)
class Way:
    """How a restart is done: `lends` live-restore for as long as it takes, and what
    the containers feel."""

    lends: bool
    felt: Felt

    @property
    def keeps_containers(self) -> bool:
        return self.felt.fate is not Fate.STOP


def choose(host: Host, before: Effective, after: Effective, allow_restart: bool) -> Way | Refusal:
    """The gentlest way to restart, or the refusal that names the containers that would stop."""
    if not host.is_running or not host.containers:
        return Way(False, Felt(Fate.UNTOUCHED, "none runs"))
    names = tuple(container.name for container in host.containers)
    if is_on(host) and is_planned(after):
        return Way(False, Felt(Fate.STAY, "live-restore is on", names))
    why = find_hindrance(host, before, after)
    if not why:
        return Way(True, Felt(Fate.STAY, "a reload switches live-restore on first, and off again afterwards", names))
    felt = Felt(Fate.STOP, f"live-restore cannot be switched on for the restart: {why}", names, _back(host.containers))
    if allow_restart:
        return Way(False, felt)
    listed = ", ".join(_described(container) for container in host.containers)
    return Refusal(
        f"a restart would stop {len(names)} container{'s' if len(names) > 1 else ''} ({listed}): {why}",
        "allow it with registry_client_allow_restart: true, at a time that suits the containers",
    )


def is_on(host: Host) -> bool:
    """Whether the daemon runs with live-restore."""
    return bool(host.texts.info.get("LiveRestoreEnabled"))


def is_planned(effective: Effective) -> bool:
    """Whether the next start has live-restore."""
    values = effective.values(LIVE_RESTORE)
    return bool(values) and values[-1].text.lower() in ("true", "t", "1")


def find_hindrance(host: Host, before: Effective, after: Effective) -> str:
    """Why live-restore cannot be reloaded in for the time of a restart; empty where it can."""
    engine = before.engine
    if engine.version < (1, 12):
        return f"{engine} has none (docker 1.12 is the first)"
    swarm = (host.texts.info.get("Swarm") or {}).get("LocalNodeState") or "inactive"
    if swarm != "inactive":
        return f"swarm is {swarm} here, and live-restore does not go with swarm"
    flags = after.command.of(LIVE_RESTORE) or before.command.of(LIVE_RESTORE)
    if flags:
        return f"--{LIVE_RESTORE}={flags[-1].value} is a flag ({flags[-1].origin}), which a reload cannot change"
    if not after.command.of("containerd") and _kill_mode(after) != "process":
        return "the unit lacks KillMode=process, so systemd kills the containers with the daemon"
    return find_reload_hindrance(before) or ("" if is_planned(after) else find_reload_hindrance(after))


def _kill_mode(effective: Effective) -> str:
    modes = re.findall(r"(?m)^[ \t]*KillMode[ \t]*=[ \t]*(\S+)", effective.texts.unit)
    return modes[-1] if modes else "control-group"


def _described(container: Container) -> str:
    return f"{container.name}{', which comes back' if container.comes_back else ''}"


def _back(containers: tuple[Container, ...]) -> tuple[str, ...]:
    return tuple(container.name for container in containers if container.comes_back)
