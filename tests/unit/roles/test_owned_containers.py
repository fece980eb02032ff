"""The roles registry, nginx and mirror own their containers: what they no longer ask for is
compared, and goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.agent import docker_plan

ROLES = Path(__file__).parents[3] / "roles"
# What somebody may have added to a container; compared only where a role gives it, be it empty.
OWNED = {
    "env", "labels", "volumes", "mounts", "tmpfs", "networks", "etc_hosts", "dns_servers", "groups", "privileged",
    "published_ports", "capabilities", "cap_drop", "security_opts", "healthcheck", "read_only", "user",
    "dns_search_domains", "dns_opts", "sysctls",
}  # fmt: skip


def tasks(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in items:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part, []))


@pytest.mark.parametrize(
    "file",
    [
        "registry/tasks/main.yml",
        "nginx/tasks/main.yml",
        "mirror/tasks/gate.yml",
        "mirror/tasks/cache.yml",
        "registry_v1/tasks/present.yml",
    ],
)
def test_every_option_of_the_container_is_compared_strictly(file: str) -> None:
    found_tasks = tasks(yaml.safe_load((ROLES / file).read_text()))
    (args,) = [task[name] for task in found_tasks if (name := "community.docker.docker_container") in task]
    assert set(args) >= OWNED
    assert "omit" not in str(args)
    modes = docker_plan.modes(args)
    # The daemon writes its own log options among those of every container.
    assert {name for name in OWNED | set(modes) if modes[name] != "strict"} == {"log_options"}
