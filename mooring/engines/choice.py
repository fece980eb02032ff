"""Which engine of a host is meant: docker where it is, else the first of the others that is
there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.engines.explanation import AUTO, DOCKER
from mooring.engines.explanation_containers import ENGINES, choose, texts_of

# The modules that read an engine's configuration.
DOCKER_MODULE, CONTAINER_MODULE = "docker_config", "container_config"


@dataclass(frozen=True)
class EngineReply:
    """An engine and what the host answered when it was asked for the configuration,
    which may be a failure.

    `name` is empty where none was named and none is there; the reply is docker's then.
    """

    name: str
    reply: Mapping[str, Any]


def find_engine(engine: str, ask: Callable[[str], Mapping[str, Any]], among: tuple[str, ...] = ENGINES) -> EngineReply:
    """The engine that is meant, AUTO being any: `ask` runs a module on the host, and returns
    failures as well."""
    if engine not in (AUTO, DOCKER):
        return EngineReply(engine, ask(CONTAINER_MODULE))
    docker = ask(DOCKER_MODULE)
    if engine == DOCKER or not docker.get("missing"):
        return EngineReply(DOCKER, docker)
    others = ask(CONTAINER_MODULE)
    if others.get("failed"):
        return EngineReply("", others)
    name = choose(texts_of(others), among)
    return EngineReply(name, others if name else docker)
