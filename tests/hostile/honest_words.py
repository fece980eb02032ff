"""What honest hosts answer, and which modules `verify` asks them with."""

from __future__ import annotations

from typing import Any

from tests.hostile.host import Answers, Asked
from tests.hostile.recorded import HOSTS, MOORED, SETTINGS, container_config, docker_config

MISSING = {"failed": True, "missing": True, "msg": "there is no service docker"}
CONTAINERD: Answers = {**MOORED, "docker_config": MISSING, "container_config": container_config}


def with_host_lines(asked: Asked) -> dict[str, Any]:
    """An engine that uses the registry, with the registry's names in /etc/hosts."""
    found = docker_config(asked, SETTINGS)
    mark = "registry names, managed by mooring"
    block = f"# BEGIN {mark}\n192.0.2.10 {' '.join(NAMES)}\n# END {mark}\n"
    return {**found, "files": {**found["files"], "/etc/hosts": HOSTS + block}}


NAMES = ["registry.example.com"]
WELL: Answers = {**MOORED, "docker_config": with_host_lines}
MODULES_OF_VERIFY = ("shell", "registry_probe", "docker_host_info", "uri", "container_trouble", "registry_storage")
