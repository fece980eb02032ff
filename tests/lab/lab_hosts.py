"""A lab host, looked at through the engine that it runs on: that leaves no login, no session and no
process on it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab import containers
from lab.commands import LabError
from lab.engine import Engine, find_engine
from lab.topology import LabHost, find_host

PATIENCE = 30.0

# What a login itself leaves: journals and login records. No
# task asks for them, and no tool can log in without.
LOGIN_RECORDS = ("/var/log/journal", "/var/log/wtmp", "/var/log/lastlog", "/var/log/btmp", "/var/log/auth.log")

# The engine's own store, in which it tidies up when it
# likes; what it holds is seen by its images and containers.
ENGINE_STORE = ("/var/lib/containerd",)

# Mount points: the message of the day touches the one at each login, Docker's
# health checks touch the other. What lies there is looked at by `passing_places`.
MOUNT_POINTS = ("/run", "/tmp")


@dataclass(frozen=True)
class LookedAt:
    """One host of the lab."""

    host: LabHost
    engine: Engine

    @classmethod
    def named(cls, name: str) -> LookedAt:
        host, engine = find_host(name), find_engine()
        assert host is not None
        assert engine is not None
        return cls(host, engine)

    @property
    def name(self) -> str:
        return self.host.name

    def run(self, script: str) -> str:
        """What the shell SCRIPT says, as root; LabError where it fails."""
        return self.engine.run("exec", self.host.container, "sh", "-c", script)

    def lines(self, script: str) -> list[str]:
        return self.run(script).splitlines()

    def succeeds(self, script: str) -> bool:
        return self.engine.succeeds("exec", self.host.container, "sh", "-c", script)

    # --- what is to stay as it is ---

    def files(self) -> dict[str, str]:
        """Every file that is configuration or state of ours, with its digest, owner, mode and
        time."""
        places = "$(ls -d /etc /root /home /opt /usr/local /var/tmp /tmp /var/lib/registry 2>/dev/null)"
        listing = self.run(
            f"find {places} -xdev -type f -printf '%p\\t%u:%g %m %T@\\n'; echo; "
            f"find {places} -xdev -type f -exec sha1sum {{}} +"
        )
        attributes, _, digests = listing.partition("\n\n")
        sums = dict(reversed(line.split("  ", 1)) for line in digests.splitlines())
        return {path: f"{rest} {sums[path]}" for path, rest in (line.split("\t") for line in attributes.splitlines())}

    def containers(self) -> dict[str, tuple[str, str, int]]:
        """ID, start and restarts of every container of the host's own engine, by name."""
        names = self.lines("docker ps --all --quiet --no-trunc")
        inspected = json.loads(self.run(f"docker inspect {' '.join(names)}")) if names else []
        return {
            container["Name"]: (container["Id"], container["State"]["StartedAt"], container["RestartCount"])
            for container in inspected
        }

    def images(self) -> set[str]:
        return set(self.lines("docker images --all --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}'"))

    def engine_process(self) -> str:
        """The process of the host's own dockerd, and when it was started."""
        return self.run("systemctl show docker -p MainPID -p ExecMainStartTimestamp").strip()

    def state(self) -> dict[str, Any]:
        """All of that, for comparing."""
        return {
            "files": self.files(),
            "containers": self.containers(),
            "images": self.images(),
            "engine": self.engine_process(),
        }

    def processes(self) -> list[str]:
        """The command lines of all that runs, but for those that look."""
        looking = ("ps -e", "sh -c ps -e")
        return sorted(line for line in self.lines("ps -e -ww -o args=") if not line.startswith(looking))

    def clock(self) -> str:
        """The host's time, for `touched_since`."""
        return self.run("date +@%s.%N").strip()

    def touched_since(self, moment: str) -> list[str]:
        """Paths of the host's own file system that were made, written or given
        other attributes since."""
        spared = " ".join(f"-path '{path}*' -prune -o" for path in (*LOGIN_RECORDS, *ENGINE_STORE))
        mounted = " ".join(f"-path {path} -prune -o" for path in MOUNT_POINTS)
        return self.lines(f"find / -xdev {spared} {mounted} -newerct {moment} -print")

    def passing_places(self) -> list[str]:
        """What lies where programs drop their temporary files."""
        return self.lines("find /tmp /var/tmp /dev/shm /root /home | sort; find /run -maxdepth 1 | sort")

    def logins(self) -> int:
        """How many SSH logins there were since the host booted."""
        return int(self.run("journalctl -b -o cat _COMM=sshd | grep -c '^Accepted ' || true"))

    # --- registry and Docker ---

    def access_log(self) -> list[dict[str, Any]]:
        """nginx's access log (on the server), an object for each request."""
        lines = self.lines("docker logs mooring-nginx 2>/dev/null")
        return [json.loads(line) for line in lines if line.startswith("{")]

    def digest_of(self, image: str) -> str:
        """The digest by which a registry knows the image."""
        return self.run(f"docker inspect --format '{{{{index .RepoDigests 0}}}}' {image}").strip().partition("@")[2]

    # --- power ---

    def stop(self) -> None:
        """Switch the host off."""
        self.engine.run("stop", self.host.container)

    def cut_power(self) -> None:
        """No process gets a word, and /run is gone. What was written stays, synced or not: that is
        not drilled."""
        self.engine.run("kill", self.host.container)
        self.engine.run("wait", self.host.container)

    def start(self) -> None:
        """Switch it on, and wait until its own engine answers."""
        self.engine.run("start", self.host.container)
        containers.wait_until_booted(self.engine, self.host)
        until(lambda: self.succeeds("docker info"), f"the engine of {self.name} answers")


def until(holds: Callable[[], bool], what: str) -> None:
    """Return as soon as the condition HOLDS; when that takes too long, an AssertionError says WHAT
    was waited for."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if holds():
                return
        except LabError:
            pass
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s in vain until {what}"
        time.sleep(0.1)
