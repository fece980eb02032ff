"""Becoming another user, with a `sudo` in PATH that behaves as the real one does."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from mooring.deadline import Deadline
from mooring.errors import BecomeFailed
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection import Become
from mooring.transport.connection.local import LocalConnection
from mooring.transport.connection.process import Process

SUDO = """#!/bin/sh
# Asks for the password as sudo -S does; the options come in the order that Mooring gives them.
echo "$@" > {log}
{before}
shift
if [ "$1" = -n ]; then
    [ -n "{free}" ] || {{ echo 'sudo: a password is required' >&2; exit 1; }}
    shift
else
    prompt=$3; shift 3
    for attempt in 1 2 3; do
        printf %s "$prompt" >&2
        IFS= read -r given || {{ echo 'sudo: no password was provided' >&2; exit 1; }}
        [ "$given" = 'pass word' ] && break
        echo 'Sorry, try again.' >&2
        [ $attempt = 3 ] && {{ echo 'sudo: 3 incorrect password attempts' >&2; exit 1; }}
    done
fi
shift 3
exec "$@"
"""


class WithSudo(LocalConnection):
    """A login whose PATH begins with a stand-in for sudo."""

    def __init__(self, directory: Path, before: str = "", free: str = "") -> None:
        super().__init__()
        self.directory = directory
        program = directory / "sudo"
        program.write_text(SUDO.format(log=directory / "log", before=before, free=free))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    @property
    def user(self) -> str:
        return "ops"

    def start(self, command: str) -> Process:
        return super().start(f"PATH={shlex.quote(str(self.directory))}:$PATH; export PATH; {command}")


def become(connection: WithSudo, password: str | None, user: str = "root") -> Remote:
    return Remote.start(connection, Bundle(), Become(user, password), sys.executable, timeout=20)


def refuse(connection: WithSudo, password: str | None) -> str:
    with pytest.raises(BecomeFailed) as caught:
        become(connection, password)
    if password:
        assert password not in caught.value.reason
    return caught.value.reason


def test_password_goes_to_the_prompt_only(tmp_path: Path) -> None:
    with become(WithSudo(tmp_path), "pass word", "www") as remote:
        assert remote.call("ping", {"data": "pong"})["ping"] == "pong"
    words = (tmp_path / "log").read_text()
    assert "-H -S -p [mooring-" in words
    assert "-u www -- /bin/sh -c" in words
    assert "pass word" not in words


def test_without_a_password_sudo_must_not_ask(tmp_path: Path) -> None:
    with become(WithSudo(tmp_path, free="yes"), None) as remote:
        assert remote.hello["uid"] == os.getuid()
    assert (tmp_path / "log").read_text().startswith("-H -n -u root --")


def test_password_that_sudo_does_not_ask_for(tmp_path: Path) -> None:
    passes = 'shift 7; exec "$@"'
    with become(WithSudo(tmp_path, before=passes), "pass word") as remote:
        assert remote.call("ping", {"data": "pong"})["ping"] == "pong"


def test_wrong_and_missing_password(tmp_path: Path) -> None:
    wrong = refuse(WithSudo(tmp_path), "n0pe")
    assert wrong == "sudo refuses the password of ops: check ansible_become_password"
    assert refuse(WithSudo(tmp_path), None).startswith("sudo wants a password for ops: give it as")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("sudo: sorry, you must have a tty to run sudo", "`Defaults:ops !requiretty`"),
        ("ops is not in the sudoers file.", "ops may not use sudo"),
        ("Sorry, user ops is not allowed to execute '/bin/sh' as root on web1.", "does not allow ops"),
        ("sudo: unknown user root", "there is no user root on the host"),
        ("sudo: /etc/sudoers is owned by uid 5, should be 0", "sudo failed: sudo: /etc/sudoers is owned"),
    ],
)
@pytest.mark.parametrize("password", ["pass word", None])
def test_reasons_of_sudo(tmp_path: Path, output: str, reason: str, password: str | None) -> None:
    before = f"echo {shlex.quote(output)} >&2; exit 1"
    assert reason in refuse(WithSudo(tmp_path, before=before), password)


def test_no_sudo_at_all(tmp_path: Path) -> None:
    connection = WithSudo(tmp_path)
    (tmp_path / "sudo").unlink()
    for name in ("sh", "printf"):
        (tmp_path / name).symlink_to(f"/bin/{name}")

    class Bare(WithSudo):
        def __init__(self) -> None:
            LocalConnection.__init__(self)
            self.directory = tmp_path

        def start(self, command: str) -> Process:
            return LocalConnection.start(self, f"PATH={tmp_path}; export PATH; {command}")

    assert connection.user == "ops"
    assert refuse(Bare(), None) == "sudo is not installed: install it, or log in as root"


@pytest.mark.parametrize("before", ["echo sudo: unknown user www >&2; exit 1", ""])
def test_what_sudo_refuses_leaves_the_connection_without_a_limit(tmp_path: Path, before: str) -> None:
    class Limited(WithSudo):
        limits: ClassVar[list[float | None]] = []

        def limit(self, deadline: Deadline) -> None:
            self.limits.append(deadline.seconds)

    connection = Limited(tmp_path, before=before)
    with pytest.raises(BecomeFailed):
        become(connection, "n0pe", "www")
    assert len(connection.limits) == 2
    assert connection.limits[-1] is None


def test_same_user_needs_no_sudo(tmp_path: Path) -> None:
    with become(WithSudo(tmp_path), None, "ops") as remote:
        assert remote.hello["uid"] == os.getuid()
    assert not (tmp_path / "log").exists()
