"""A change of an engine's settings, as it is planned for the agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from engine_host import EngineHost

from mooring.playbook import arguments
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection
from mooring.transport.content import Content

OLD = {"insecure-registries": ["old.example.com"]}
NEW = {"insecure-registries": ["old.example.com", "new.example.com"], "registry-mirrors": ["http://m.example.com"]}
PRESENT = {"insecure": ["new.example.com"], "mirrors": ["http://m.example.com/"]}
SAME = {"same_containers": True}


@pytest.fixture(scope="module")
def remote(interpreter: str) -> Iterator[Remote]:
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as remote:
        yield remote


def change(remote: Remote, host: EngineHost, plan: Mapping[str, Any], **how: Any) -> dict[str, Any]:
    args = arguments.normalize(arguments.find("docker_settings", None), plan, None)
    return remote.call("docker_settings", args, content=Content(b""), environment=host.environment, **how)


def reload_plan(host: EngineHost, config: Any = NEW, **others: Any) -> dict[str, Any]:
    back = {"insecure-registries": OLD["insecure-registries"], "registry-mirrors": []}
    undo = {"reload": [host.step(back, "reload", absent=PRESENT)]}
    return host.args([host.step(config, "reload", present=PRESENT, **SAME)], undo=undo, **others)


def restart_plan(host: EngineHost, config: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    """With live-restore turned on for the restart, as a plan for an old engine does it."""
    on, off = {"live-restore": True}, {"live-restore": False}
    steps = [
        host.step({**OLD, **on}, "reload", live_restore=True),
        host.step({**config, **on}, "restart", present=PRESENT, **SAME),
        host.step({**config, **off}, "reload", live_restore=False, **SAME),
        host.step(config, "nothing"),
    ]
    undo = {
        "reload": [host.step({**OLD, **off}, "reload", live_restore=False)],
        "restart": [
            host.step({**OLD, **on}, "reload", live_restore=True),
            host.step({**OLD, **on}, "restart", absent=PRESENT, **SAME),
            host.step({**OLD, **off}, "reload", live_restore=False),
        ],
    }
    return host.args(steps, undo=undo, **others)
