"""What is told of a change whose answer got lost, and what comes before a new one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from mooring.actions import recover_result as aftermath
from mooring.actions import registry_client
from mooring.actions.call import Reply
from mooring.errors import AgentError, ConnectionLost, HostUnreachable
from tests.support.registry_client_calls import LOOKED, REGISTRIES, HostModules, call

NEW = {"registries": REGISTRIES}
SETTLED = {"changed": False, "is_open": False, "answers": True}


class LosingModules(HostModules):
    """The connection breaks in docker_settings, and comes back after some attempts."""

    def __init__(self, lost: HostUnreachable, attempts: int, **reply: Any) -> None:
        super().__init__(docker_config={**LOOKED, "digests": {}})
        self.lost, self.attempts, self.told = lost, attempts, reply
        self.is_broken = False

    def __call__(self, name: str, *rest: Any) -> Reply:
        if name == "docker_settings":
            self.is_broken = True
            raise self.lost
        if self.is_broken and self.attempts:
            self.attempts -= 1
            raise ConnectionLost("connection refused")
        reply = super().__call__(name, *rest)
        return {**SETTLED, **self.told} if self.is_broken else reply


@pytest.mark.parametrize(
    ("settled", "status", "words"),
    [
        ({"configuration": "new"}, (True, None), "the new configuration is in force"),
        ({"configuration": "old"}, (False, True), "brought the old configuration back by itself; docker answers"),
        ({"configuration": "old", "answers": False}, (False, True), "docker DOES NOT ANSWER"),
        ({"configuration": "neither"}, (False, True), "neither the old nor the new ones"),
        ({"configuration": "new", "is_open": True}, (False, True), "the next run will undo it first"),
    ],
)
def test_what_the_host_made_of_it(
    tmp_path: Path, settled: dict[str, Any], status: tuple[bool, bool | None], words: str
) -> None:
    modules = LosingModules(AgentError("the agent ended by signal 9", "run", "Killed"), 2, **settled)
    reply = registry_client.run(call(tmp_path, modules, **NEW))
    assert (reply["changed"], reply.get("failed")) == status
    assert "the agent ended by signal 9" in reply["msg"]
    assert words in reply["msg"]
    known = {file["path"]: file for file in modules.calls["docker_settled"]["files"]}
    assert known["/etc/mooring/registry_client.json"]["old"] is None
    assert known["/etc/docker/daemon.json"]["old"] == hashlib.sha1(b'{"mtu": 9}').hexdigest()
    assert len(known["/etc/docker/daemon.json"]["new"]) == 40


def test_a_host_that_stays_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aftermath, "RECONNECT_SECONDS", -1.0)
    modules = LosingModules(ConnectionLost("the connection broke"), 99)
    with pytest.raises(ConnectionLost, match="brings the old configuration back by itself within 330 seconds"):
        registry_client.run(call(tmp_path, modules, **NEW))


OPEN = {"changed": False, "is_open": True}


def test_an_earlier_change_is_undone_before_anything_is_looked_at(tmp_path: Path) -> None:
    undone = {"changed": True, "msg": "", "warnings": ["an earlier change was undone first"]}
    modules = HostModules(docker_settled=OPEN, docker_settings=undone, docker_config=LOOKED)
    reply = registry_client.run(call(tmp_path, modules, state="absent"))
    assert list(modules.calls) == ["docker_settled", "docker_settings", "docker_config"]
    assert modules.calls["docker_settings"]["steps"] == []
    assert (reply["changed"], reply["warnings"]) == (True, ["an earlier change was undone first"])


def test_in_check_mode_it_is_only_told(tmp_path: Path) -> None:
    modules = HostModules(docker_settled=OPEN, docker_config=LOOKED)
    reply = registry_client.run(call(tmp_path, modules, True, state="absent"))
    assert "was interrupted: what holds now may not last" in reply["warnings"][0]


def test_a_change_under_way_is_left_alone(tmp_path: Path) -> None:
    held = {"failed": True, "changed": False, "msg": "another run changes this host's engine"}
    modules = HostModules(docker_settled=OPEN, docker_settings=held, docker_config=LOOKED)
    reply = registry_client.run(call(tmp_path, modules, **NEW))
    assert (reply["failed"], reply["msg"]) == (True, "another run changes this host's engine")
    assert "docker_config" not in modules.calls
