"""docker_settings whose agent is killed or cut off at each of its points: the guard
leaves the host whole."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
from engine_host import EngineHost
from guarded_settings import AFTER, at, hanging, remote, settings
from processes import ends_within
from settings_plans import NEW, OLD, change, reload_plan, restart_plan

from mooring.agent.transaction import faults
from mooring.errors import MooringError
from mooring.playbook import arguments
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection

__all__ = ["remote"]

OUTERMOST = True
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a transaction gives files their owners: root only")
STEP = {"files": [{}], "then": "reload"}
POINTS = faults.points([STEP], {"reload": [STEP]})


def is_whole(host: EngineHost, expected: dict[str, Any]) -> None:
    """The guard is done; files and engine agree; the container is untouched; nothing is left."""
    host.guards_end()
    guard_log = (host.folder / "guard.log").read_text()
    assert json.loads(host.config.read_text()) == expected, guard_log
    assert settings(host) == sorted(expected["insecure-registries"]), guard_log
    assert host.started() == 1, guard_log
    assert host.left() == [], guard_log


@pytest.mark.parametrize("point", POINTS)
def test_an_agent_that_is_killed(remote: Remote, engine_host: EngineHost, point: str) -> None:
    with pytest.raises(MooringError):
        change(remote, engine_host, reload_plan(engine_host, fault=at("kill", point)))
    is_whole(engine_host, NEW if point in AFTER else OLD)


@pytest.mark.parametrize("point", ["step1.asked", "step2.asked", "step2.seen", "step3.seen", "undo.step2.asked"])
def test_an_agent_that_is_killed_around_a_restart(remote: Remote, engine_host: EngineHost, point: str) -> None:
    fault = f"kill:{point}" + (" fail:step3.seen" if point.startswith("undo.") else "")
    with pytest.raises(MooringError):
        change(remote, engine_host, restart_plan(engine_host, NEW, fault=fault))
    is_whole(engine_host, OLD)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_agent_that_is_asked_to_end(remote: Remote, engine_host: EngineHost, number: int) -> None:
    with hanging(remote, engine_host, "step1.seen"):
        os.kill(remote.hello["pid"], number)
    is_whole(engine_host, OLD)


def test_a_control_side_that_is_gone(remote: Remote, engine_host: EngineHost) -> None:
    with hanging(remote, engine_host, "step1.asked"):
        remote._process.close_stdin()
    assert ends_within(remote.hello["pid"], 20)
    is_whole(engine_host, OLD)


def test_an_agent_that_takes_too_long(remote: Remote, engine_host: EngineHost) -> None:
    with pytest.raises(MooringError):
        change(remote, engine_host, reload_plan(engine_host, fault="hang:step1.seen", seconds=2))
    is_whole(engine_host, OLD)
    assert "the change takes too long" in (engine_host.folder / "guard.log").read_text()


def test_a_guard_that_is_killed_as_well(interpreter: str, remote: Remote, engine_host: EngineHost) -> None:
    with hanging(remote, engine_host, "step1.seen"):
        os.kill(engine_host.guards()[0], signal.SIGKILL)
        os.kill(remote.hello["pid"], signal.SIGKILL)
    assert json.loads(engine_host.config.read_text()) == NEW
    assert engine_host.left() != []
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as second:
        about = {"state_dir": str(engine_host.folder / "state")}
        settled = arguments.normalize(arguments.find("docker_settled", None), about, None)
        assert second.call("docker_settled", settled)["is_open"]
        reply = change(second, engine_host, engine_host.args([]))
        assert not second.call("docker_settled", settled)["is_open"]
    assert reply["changed"], reply
    assert any(
        "was interrupted and has been undone first: the old configuration" in text for text in reply["warnings"]
    ), reply
    is_whole(engine_host, OLD)


def test_two_at_once(interpreter: str, remote: Remote, engine_host: EngineHost) -> None:
    with hanging(remote, engine_host, "confirmed"):
        with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as second:
            reply = change(second, engine_host, reload_plan(engine_host))
        assert f"another run changes this host's engine: process {remote.hello['pid']} of " in reply["msg"]
        assert json.loads(engine_host.config.read_text()) == NEW
        os.kill(remote.hello["pid"], signal.SIGKILL)
    is_whole(engine_host, OLD)
