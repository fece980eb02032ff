"""More hosts than this process may have files open: they are all worked on, and no
descriptor stays behind."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
import pytest

from mooring.errors import HostUnreachable, UsageError
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables
from mooring.transport.bundle import Bundle
from mooring.transport.connection.settings import RunOptions
from mooring.transport.descriptors import OWN, Room, make_room
from mooring.transport.session import Session
from tests.support.ssh_server import Rules, SshServer

ROOT = Path(__file__).parents[2]
INVOKE = str(Path(sys.executable).with_name("invoke"))
PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, ping: }
    - {name: two, command: "true", changed_when: false}
"""


@dataclass
class Many:
    """A folder with an inventory of hosts that are all the same server on loopback."""

    folder: Path
    server: SshServer

    def variables(self) -> dict[str, Any]:
        return {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.server.port,
            "ansible_user": "tester",
            "ansible_ssh_private_key_file": str(self.folder / "key"),
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={self.folder / 'known_hosts'}",
            "ansible_python_interpreter": sys.executable,
        }

    def run(self, count: int, soft: int, hard: int, *more: str) -> tuple[int, list[dict[str, Any]]]:
        """A real `invoke play` that may open so many files; its exit status and its events."""
        hosts = {f"host{number:03}": {} for number in range(count)}
        inventory = {"all": {"vars": self.variables(), "hosts": hosts}}
        (self.folder / "inventory.yml").write_text(json.dumps(inventory))
        (self.folder / "play.yml").write_text(PLAYBOOK)
        limited = ["sh", "-c", f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"', "sh"]
        options = ["-i", "inventory.yml", "--json", "-T", "120", *more]
        argv = [*limited, INVOKE, "--search-root", str(ROOT), "play", "play.yml", *options]
        done = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, timeout=550)
        assert "Traceback" not in done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Many]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the server is in this process
    key, host_key = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(tmp_path / "key"))
    server = SshServer(Rules(keys=(key,)), (host_key,))
    line = f"[127.0.0.1]:{server.port} {host_key.get_name()} {host_key.get_base64()}\n"
    (tmp_path / "known_hosts").write_text(line)
    yield Many(tmp_path, server)
    server.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def warnings(events: list[dict[str, Any]]) -> list[str]:
    return [event["message"] for event in events if event["event"] == "warned"]


def all_are_well(events: list[dict[str, Any]], count: int) -> None:
    hosts = events[-1]["hosts"]
    assert len(hosts) == count
    troubled = {name: row for name, row in hosts.items() if row["ok"] != 2}
    messages = [event.get("message") for event in events if event.get("host") in troubled]
    assert not troubled, messages


def test_the_soft_limit_is_raised(many: Many) -> None:
    status, events = many.run(40, soft=64, hard=1024)
    all_are_well(events, 40)
    assert (status, warnings(events)) == (0, [])


def test_a_hard_limit_that_is_too_low_is_told_and_slower(many: Many) -> None:
    status, events = many.run(16, soft=100, hard=100)
    all_are_well(events, 16)
    assert status == 0
    [warning] = warnings(events)
    assert warning == (
        "16 hosts need 144 open files, and this process may have 100 (hard limit): 7 work at the same time (as with "
        "--forks 7), and all but 8 connect anew for each task; allow more with `ulimit -n 144`, or take fewer hosts "
        "at a time"
    )
    first = next(number for number, event in enumerate(events) if event["event"] == "warned")
    assert not any(event["event"] == "task_finished" for event in events[:first])


def test_no_room_at_all_is_one_line(many: Many) -> None:
    status, events = many.run(2, soft=OWN, hard=OWN)
    assert status == 1
    assert [event["event"] for event in events] == ["warned", "recap"]
    assert "too few for a single one: allow more with `ulimit -n 74`" in warnings(events)[0]


@pytest.mark.long
def test_four_hundred_hosts_with_a_thousand_files(many: Many) -> None:
    status, events = many.run(400, 1024, 1024)
    all_are_well(events, 400)
    assert (status, warnings(events)) == (0, [])


def test_the_room_is_what_the_limit_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [1024, 4096]
    monkeypatch.setattr(resource, "getrlimit", lambda which: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda which, both: limits.__setitem__(0, both[0]))
    messages: list[str] = []
    assert (make_room(100, 50, messages.append), limits) == (Room(50), [1024, 4096])
    assert (make_room(400, 50, messages.append), limits) == (Room(50), [1864, 4096])
    assert (make_room(20_000, 50, messages.append, keeps=False), limits) == (Room(50), [1864, 4096])
    assert messages == []
    assert make_room(20_000, 50, messages.append) == Room(50, kept=4096 - OWN - 200)
    limits[1] = resource.RLIM_INFINITY
    assert make_room(20_000, 50, messages.append) == Room(50)
    assert len(messages) == 1
    limits[:] = [OWN + 4, OWN + 4]
    with pytest.raises(UsageError, match="too few for a single one"):
        make_room(1, 50, messages.append)


def descriptors() -> list[str]:
    outcomes = []
    for name in os.listdir("/proc/self/fd"):
        try:
            outcomes.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:  # the one that is listing
            continue
    return outcomes


def threads_end(before: set[threading.Thread]) -> None:
    for thread in set(threading.enumerate()) - before:
        thread.join(10)


@pytest.mark.parametrize("way", ["plain", "proxy command", "two agents", "refused", "local"])
def test_nothing_stays_open(many: Many, way: str) -> None:
    """Neither of what was connected nor of what failed to; the server's own end closes with
    ours."""
    variables = many.variables()
    if way == "proxy command":
        relay = (
            "import socket,sys,os,threading as t; s=socket.create_connection((sys.argv[1],int(sys.argv[2])));"
            "t.Thread(target=lambda:[s.sendall(d) for d in iter(lambda:os.read(0,65536),b'')],daemon=True).start();"
            "[os.write(1,d) for d in iter(lambda:s.recv(65536),b'')]"
        )
        (many.folder / "relay.py").write_text(relay)
        command = f"ProxyCommand={sys.executable} {many.folder}/relay.py %h %p"
        variables["ansible_ssh_common_args"] += f" -o '{command}'"
    if way == "refused":
        (many.folder / "known_hosts").write_text("")
    if way == "local":
        variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}

    def work() -> None:
        session = Session("host", Bundle(), RunOptions())
        for _ in range(2 if way == "two agents" else 1):
            try:
                session.call(
                    Variables(Templar(), [(variables, False)]), None, {"module": "ping", "args": {"data": "pong"}}
                )
            except HostUnreachable:
                assert way == "refused"
            if way == "two agents":
                session.renew()
        session.close()

    started = set(threading.enumerate())
    work()
    threads_end(started)
    before = sorted(descriptors())
    for _ in range(3):
        work()
        threads_end(started)
    assert sorted(descriptors()) == before
