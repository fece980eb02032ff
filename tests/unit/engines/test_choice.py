"""Which engine is meant: one rule for explain, status, doctor and the change itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mooring.engines.choice import CONTAINER_MODULE, DOCKER_MODULE, EngineReply, find_engine

DOCKER = {"unit": "[Service]"}
MISSING = {"failed": True, "missing": True, "msg": "there is no service docker"}
BROKEN = {"failed": True, "msg": "the disk does not answer"}
NOTHING: dict[str, Any] = {
    "programs": {}, "files": {}, "certificates": {}, "units": {}, "environment": {}, "docker": False,
}  # fmt: skip
PODMAN = {**NOTHING, "programs": {"podman": "podman version 5.4.2"}}
BUILDKIT = {**NOTHING, "programs": {"buildkitd": "buildkitd v0.12"}}


@pytest.mark.parametrize(
    ("engine", "docker", "others", "answer", "names"),
    [
        ("auto", DOCKER, PODMAN, EngineReply("docker", DOCKER), [DOCKER_MODULE]),
        ("auto", MISSING, PODMAN, EngineReply("podman", PODMAN), [DOCKER_MODULE, CONTAINER_MODULE]),
        ("auto", MISSING, NOTHING, EngineReply("", MISSING), [DOCKER_MODULE, CONTAINER_MODULE]),
        ("auto", MISSING, BUILDKIT, EngineReply("", MISSING), [DOCKER_MODULE, CONTAINER_MODULE]),
        ("auto", MISSING, BROKEN, EngineReply("", BROKEN), [DOCKER_MODULE, CONTAINER_MODULE]),
        ("auto", BROKEN, PODMAN, EngineReply("docker", BROKEN), [DOCKER_MODULE]),
        ("docker", MISSING, PODMAN, EngineReply("docker", MISSING), [DOCKER_MODULE]),
        ("crio", DOCKER, PODMAN, EngineReply("crio", PODMAN), [CONTAINER_MODULE]),
    ],
)
def test_docker_where_it_is_else_the_others(
    engine: str, docker: Mapping[str, Any], others: Mapping[str, Any], answer: EngineReply, names: list[str]
) -> None:
    """BuildKit is not among those that are asked for here."""
    modules: list[str] = []

    def ask(module: str) -> Mapping[str, Any]:
        modules.append(module)
        return docker if module == DOCKER_MODULE else others

    assert find_engine(engine, ask, ("podman", "containerd")) == answer
    assert modules == names
