"""Settings that are guarded while the engine starts with them, and an engine that hangs."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from engine_host import EngineHost
from processes import await_text
from settings_plans import change, reload_plan

from mooring.errors import MooringError
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection

AFTER = ("committed", "tidied")


@pytest.fixture
def remote(interpreter: str) -> Iterator[Remote]:
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as remote:
        yield remote


def settings(host: EngineHost) -> list[str]:
    """The insecure registries that the engine has in effect."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(host.folder / "docker.sock"))
    connection.request("GET", "/info")
    info: dict[str, Any] = json.loads(connection.getresponse().read())
    return sorted(info["RegistryConfig"]["IndexConfigs"])


def at(way: str, point: str) -> str:
    """The fault at a point; the way back is gone only where a step fails."""
    return f"{way}:{point}" + (" fail:step1.seen" if point.startswith("undo.") else "")


@contextlib.contextmanager
def hanging(remote: Remote, host: EngineHost, point: str) -> Iterator[None]:
    """A change that hangs at a point while the block runs, which has to end it."""
    seen = host.folder / "hanging"

    def tell(what: str, done: int, total: int) -> None:
        seen.write_text(what + "\n")

    def run() -> None:
        with contextlib.suppress(MooringError):
            plan = reload_plan(host, fault=at("hang", point))
            change(remote, host, plan, on_progress=tell)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert await_text(seen) == f"hanging at {point}"
        yield
    finally:
        thread.join(20)
