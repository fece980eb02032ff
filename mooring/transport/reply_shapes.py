"""What Mooring's own looks must hold, all the way down: the resolvers and planners read them
without asking again.

`mooring/transport/replies.py` knows the kinds of what any module returns. These modules' replies go
deeper, and one of the wrong shape is that host's failure, told where it enters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.errors import AgentError
from mooring.transport.replies import kind_of


@dataclass(frozen=True)
class ListOf:
    """A list; `shape` is that of each element, `size` their number where there is
    only one that may be."""

    shape: Any
    size: int | None = None


@dataclass(frozen=True)
class MapOf:
    """A mapping with any keys; `shape` is that of each value."""

    shape: Any


@dataclass(frozen=True)
class OrNull:
    """The shape, null, or not there at all."""

    shape: Any


# A mapping in a shape is one with these keys, and any others beside them; a type is a JSON value of
# that kind; a set has the texts that may be, a tuple the shapes of which one must fit.
TEXT, MAYBE = str, OrNull(str)
TEXTS, PAIRS = ListOf(TEXT), ListOf(ListOf(TEXT, 2))
_ENTRIES = OrNull(MapOf({"Secure": OrNull(bool), "Mirrors": OrNull(TEXTS)}))
ENGINE_INFO = {
    "RegistryConfig": OrNull(
        {"Mirrors": OrNull(TEXTS), "IndexConfigs": _ENTRIES, "InsecureRegistryCIDRs": OrNull(TEXTS)}
    ),
    "Registries": OrNull(list),
    "DriverStatus": OrNull(PAIRS),
    "Driver": MAYBE,
    "CgroupDriver": MAYBE,
    "DefaultRuntime": MAYBE,
    "DockerRootDir": MAYBE,
    "LoggingDriver": MAYBE,
    "LiveRestoreEnabled": OrNull(bool),
    "Swarm": OrNull({"LocalNodeState": MAYBE}),
    "Architecture": MAYBE,
}
_STATE = OrNull(MapOf(TEXT))
_PLACE = {"name": TEXT, "repositories": OrNull(int), "trouble": TEXT, "warning": TEXT}
_COPIED = {
    "digest": TEXT,
    "target_repository": TEXT,
    "state": {"present", "mounted", "copied", "failed"},
    "sent": int,
    "message": MAYBE,
    "retry_after": OrNull(int),
}
_IMAGE = {"id": TEXT, "tags": TEXTS, "digests": TEXTS, "running": bool}
SHAPES: Mapping[str, Any] = {
    "container_images": {
        "engines": ListOf({"name": TEXT, "platform": TEXT, "images": ListOf(_IMAGE)}),
        "problems": TEXTS,
    },
    "container_trouble": {
        "containers": MapOf({"state": TEXT, "is_well": bool, "cause": TEXT, "words": TEXT}),
        "msg": TEXT,
    },
    "docker_config": {
        "unit": TEXT,
        "files": MapOf(MAYBE),
        "certificates": MapOf(TEXTS),
        "argv": TEXTS,
        "info": ENGINE_INFO,
        "version": TEXT,
        "needs_reload": bool,
        "newer": OrNull(TEXTS),
        "replaced": OrNull(bool),
        "state": _STATE,
        "registries_service": _STATE,
        "digests": OrNull(MapOf(MAYBE)),
        "error": MAYBE,
        "containers": OrNull(ListOf({"name": TEXT, "restart": TEXT})),
    },
    "container_config": {
        "programs": MapOf(TEXT),
        "files": MapOf(MAYBE),
        "certificates": MapOf(MapOf(TEXTS)),
        "digests": OrNull(MapOf(MAYBE)),
        "units": MapOf({"text": TEXT, "states": MapOf(TEXT), "argv": TEXTS, "newer": TEXTS}),
        "environment": MapOf(TEXT),
        "docker": bool,
    },
    "docker_host_info": {"host_info": ENGINE_INFO},
    "docker_settled": {"is_open": bool, "configuration": MAYBE, "answers": OrNull(bool)},
    "registry_blobs": {"blobs": ListOf(_COPIED)},
    "registry_probe": {
        "layer": {"", "name", "TCP", "TLS", "HTTP"},
        "msg": MAYBE,
        "addresses": OrNull(TEXTS),
        "status": OrNull(int),
        "headers": OrNull(PAIRS),
        "body": MAYBE,
    },
    "registry_storage": {"wanted": _PLACE, "earlier": OrNull(_PLACE), "refusal": TEXT, "record": dict},
    "setup": {"ansible_facts": dict},
    "shell": {"rc": OrNull(int), "stdout": MAYBE, "stderr": MAYBE},
}


def require(module: str, reply: Mapping[str, Any]) -> None:
    """AgentError where a module's reply is not what it must be; one that tells of a
    failure need not be."""
    shape = SHAPES.get(module)
    problem = "" if shape is None or reply.get("failed") or reply.get("skipped") else explain(reply, shape, "")
    if problem:
        raise AgentError(f"the agent's answer makes no sense ({module}: {problem})")


def parse(text: str, shape: Any, program: str) -> Any:
    """The JSON that a program on a host printed; ValueError where it is not JSON, or
    not of that shape."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{program} printed no JSON: {error}") from None
    problem = explain(value, shape, "output")
    if problem:
        raise ValueError(f"{program} printed something that makes no sense: {problem}")
    return value


def explain(value: Any, shape: Any, name: str) -> str:
    """What is wrong with the value, as `"files" that is a list`; "" where it has the shape."""
    if isinstance(shape, OrNull):
        return "" if value is None else explain(value, shape.shape, name)
    if isinstance(shape, tuple):
        problems = [explain(value, alternative, name) for alternative in shape]
        return "" if "" in problems else problems[0]
    if isinstance(shape, set):
        return "" if isinstance(value, str) and value in shape else f'"{name}" that is none of {sorted(shape)}'
    kind = {ListOf: list, MapOf: dict}.get(type(shape), dict if isinstance(shape, Mapping) else shape)
    # True is a number to Python, but none to whoever reads one.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return f'"{name}" that is {kind_of(value)}' if value is not None else f'no "{name}"'
    if isinstance(shape, ListOf):
        if shape.size not in (None, len(value)):
            return f'"{name}" with {len(value)} values in place of {shape.size}'
        return next(filter(None, (explain(child, shape.shape, name) for child in value)), "")
    if isinstance(shape, MapOf):
        return next(filter(None, (explain(child, shape.shape, name) for child in value.values())), "")
    if isinstance(shape, Mapping):
        return next(filter(None, (explain(value.get(key), inner, key) for key, inner in shape.items())), "")
    return ""
