"""The user module's exact commands, with an account database of its own."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.agent import accounts, host, loop
from mooring.agent.modules import user
from mooring.playbook import arguments

ALICE = {
    "name": "alice",
    "uid": 1000,
    "group": "alice",
    "gid": 1000,
    "groups": ["wheel"],
    "comment": "",
    "home": "/home/alice",
    "shell": "/bin/bash",
    "has_home": True,
}


class Accounts:
    """Stands for /etc/passwd and the programs that change it: each command line is
    answered by a new state."""

    def __init__(self, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        self.state, self.after = before, after
        self.calls: list[tuple[str, str | None]] = []
        self.hash = "$6$old$hash"

    def find(self, name: str) -> dict[str, Any] | None:
        return dict(self.state) if self.state else None

    def run(self, argv: list[str], stdin: str | None = None, **_: Any) -> host.Ran:
        self.calls.append((" ".join(argv), stdin))
        self.state = self.after
        if stdin:
            self.hash = stdin.partition(":")[2].strip()
        return host.Ran(0, "", "")


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Any:
    def play(args: dict[str, Any], before: Any, after: Any) -> tuple[dict[str, Any], list[tuple[str, str | None]]]:
        fake = Accounts(before, after)
        monkeypatch.setattr(accounts, "find", fake.find)
        monkeypatch.setattr(accounts, "resolve_group", lambda name: name if name != "nope" else None)
        monkeypatch.setattr(accounts, "password_hash", lambda name: fake.hash)
        monkeypatch.setattr(host, "check_run", fake.run)
        normalized = arguments.normalize(arguments.Signature("user", user.ARGS, {}), {"name": "alice", **args}, None)
        reply = loop.perform({"module": "user", "args": normalized, "diff": True}, host.Session())
        return reply, fake.calls

    return play


def test_a_new_user(play: Any) -> None:
    reply, calls = play({"uid": 1000, "groups": "wheel", "shell": "/bin/bash"}, None, ALICE)
    # A group "alice" is there already in this database, so useradd must not make one.
    assert calls == [("useradd -u 1000 -s /bin/bash -N -G wheel -m alice", None)]
    assert reply["changed"]
    assert (reply["uid"], reply["groups"], reply["home"]) == (1000, "wheel", "/home/alice")


def test_a_password_goes_by_standard_input(play: Any) -> None:
    reply, calls = play({"password": "$6$new$hash"}, ALICE, ALICE)
    assert calls == [("chpasswd -e", "alice:$6$new$hash\n")]
    assert "$6$" not in str(reply)
    assert reply["password"] == "NOT_LOGGING_PASSWORD"


def test_a_password_only_at_creation(play: Any) -> None:
    assert play({"password": "$6$new$hash", "update_password": "on_create"}, ALICE, ALICE)[1] == []


def test_groups_are_added(play: Any) -> None:
    reply, calls = play({"groups": ["docker"], "append": True}, ALICE, {**ALICE, "groups": ["docker", "wheel"]})
    assert calls == [("usermod -G docker,wheel alice", None)]
    assert reply["append"] is True


def test_groups_are_replaced_and_emptied(play: Any) -> None:
    only_docker = {**ALICE, "groups": ["docker"]}
    assert play({"groups": ["docker"]}, ALICE, only_docker)[1] == [("usermod -G docker alice", None)]
    assert play({"groups": ""}, ALICE, {**ALICE, "groups": []})[1] == [("usermod -G  alice", None)]


def test_a_home_moves(play: Any) -> None:
    args = {"home": "/srv/alice", "move_home": True}
    assert play(args, ALICE, {**ALICE, "home": "/srv/alice"})[1] == [("usermod -d /srv/alice -m alice", None)]


def test_nothing_to_do(play: Any) -> None:
    reply, calls = play({"shell": "/bin/bash", "groups": ["wheel"]}, ALICE, ALICE)
    assert (reply["changed"], calls) == (False, [])


def test_a_line_end_in_a_password_is_refused(play: Any) -> None:
    reply, calls = play({"password": "x\nroot:y"}, ALICE, ALICE)
    assert reply["failed"]
    assert "not a hash" in reply["msg"]
    assert calls == []


def test_a_user_goes(play: Any) -> None:
    reply, calls = play({"state": "absent", "remove": True}, ALICE, None)
    assert calls == [("userdel -r alice", None)]
    assert reply["remove"] is True
