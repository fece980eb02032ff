"""Docker, from Red Hat's 1.10 on: its API says what is in effect, its client pulls."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from mooring.engines.docker.effective import resolve
from mooring.engines.docker.registries import as_it_runs
from mooring.engines.docker.reply import texts_of
from mooring.verification.backend import Ran
from mooring.verification.engines import settings
from mooring.verification.engines.engine import Engine, ListedImage
from mooring.verification.findings import Finding

_LINE = "{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}"


def pull_with(engine: Engine, program: str, reference: str, seconds: int) -> Ran:
    """A pull that PROGRAM makes, ended when it takes too long."""
    return engine.host.run_line(f"timeout {seconds} {program} pull {shlex.quote(reference)} 2>&1")


def list_with(engine: Engine, program: str) -> list[ListedImage]:
    """The images as `PROGRAM images` lists them: Docker's client and podman print the same."""
    ran = engine.host.run(program, "images", "--digests", "--no-trunc", "--format", _LINE)
    return [ListedImage(*line.split(" ", 3)) for line in ran.out.splitlines() if line.count(" ") == 3]


class Docker(Engine):
    """Docker's engine."""

    hub_prefix = ""

    @functools.cached_property
    def info(self) -> Mapping[str, Any]:
        """What the engine says of itself (`/info`)."""
        info: Mapping[str, Any] = self.host.call("docker_host_info")["host_info"]
        return info

    @functools.cached_property
    def text(self) -> str:
        """What `docker info` prints: Red Hat's client says more than the engine's API."""
        return self.host.run("docker", "info").out

    @functools.cached_property
    def takes_short_names(self) -> bool:
        """Only Red Hat's does; told by the binary, not by the system: docker-ce on CentOS has none
        of its settings."""
        return self.host.run_line("command -v dockerd-current || test -x /usr/bin/docker-current").rc == 0

    @property
    def machine(self) -> str:
        return str(self.info.get("Architecture", ""))

    def pull(self, reference: str, seconds: int) -> Ran:
        return pull_with(self, "docker", reference, seconds)

    def list_images(self) -> list[ListedImage]:
        return list_with(self, "docker")

    def remove(self, references: Sequence[str]) -> Ran:
        return self.host.run("docker", "rmi", "--force", *references)

    def judge_mirrors(self, wanted: Sequence[str]) -> Finding | None:
        return settings.judge_mirrors(self.info, wanted)

    def judge_insecure(self, wanted: Sequence[str]) -> Finding | None:
        return settings.judge_insecure(self.info, wanted)

    def explain_detour(self, is_mirror: bool, is_short: bool) -> Finding | None:
        if not self.takes_short_names:
            return None
        known = as_it_runs(resolve(texts_of(self.host.call("docker_config"))))
        if known is not None and is_mirror and known.verifies_signatures:
            return settings.judge_signatures()
        if known is not None and is_short and known.unusable_first is not None:
            return settings.judge_first(known.unusable_first)
        return None

    def judge_added(self, wanted: Sequence[str]) -> Finding | None:
        return settings.judge_added(self.info, self.text, wanted)
