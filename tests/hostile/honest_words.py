"""What honest hosts answer, and which modules `verify` asks them with."""

from __future__ import annotations

from typing import Any

from tests.hostile.host import Answers, Request
from tests.hostile.recorded import HOSTS, PROVISIONED, SETTINGS, container_config, docker_config

MISSING = {"failed": True, "missing": True, "msg": "there is no service docker"}
CONTAINERD: Answers = {**PROVISIONED, "docker_config": MISSING, "container_config": container_config}


def with_host_lines(request: Request) -> dict[str, Any]:
    """An engine that uses the registry, with the registry's names in /etc/hosts."""
    config = docker_config(request, SETTINGS)
    mark = "registry names, managed by mooring"
    block = f"# BEGIN {mark}\n192.0.2.10 {' '.join([*NAMES, MIRROR])}\n# END {mark}\n"
    return {**config, "files": {**config["files"], "/etc/hosts": HOSTS + block}}


NAMES, MIRROR = ["registry.example.com"], "mirror.registry.example.com"
WELL: Answers = {**PROVISIONED, "docker_config": with_host_lines}
MODULES_OF_VERIFY = ("shell", "registry_probe", "docker_host_info", "uri", "container_trouble", "registry_storage")
