"""A start through a jump host or a ProxyCommand has one deadline in all, whoever on the way falls
silent or drips."""

from __future__ import annotations

import os
import shlex
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

import paramiko
import pytest
from _pytest.mark import ParameterSet

from mooring.errors import HostUnreachable
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables
from mooring.transport import session as session_module
from mooring.transport.bundle import Bundle
from mooring.transport.connection import RunOptions
from mooring.transport.session import Session
from tests.support.hostile_ssh import RawServer, Relay
from tests.support.ssh_world import World, line

SECONDS = 1.0
# For ways that are good.
PATIENCE = 60.0
# Far above what any of these takes; what waits for each part anew takes longer.
LIMIT = 20.0


def only_with_long(passes: int) -> ParameterSet:
    return pytest.param(passes, marks=pytest.mark.long)


@pytest.fixture(autouse=True)
def few_seconds_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "START_SECONDS", SECONDS)


def call(world: World, seconds: float = SECONDS, **more: Any) -> dict[str, Any]:
    """Start the agent as a run does, and ask it something."""
    variables = {**world.variables, "ansible_python_interpreter": sys.executable, "ansible_timeout": seconds, **more}
    session = Session("web1", Bundle(), RunOptions())
    try:
        scope = Variables(Templar(), [(variables, False)])
        return session.call(scope, None, {"module": "ping", "args": {"data": "pong"}})
    finally:
        session.close()


def lose(world: World, **more: Any) -> str:
    """Why the host is lost; in bounded time."""
    began = time.monotonic()
    with pytest.raises(HostUnreachable) as caught:
        call(world, **more)
    assert time.monotonic() - began < LIMIT
    return caught.value.reason


def by_jump(world: World, jump: int, far: int, seconds: float = SECONDS) -> dict[str, Any]:
    """The variables by which the host is reached through a jump host; both ports speak with the
    world's key."""
    world.known_hosts.write_text("".join(line(port, world.host_key) + "\n" for port in (jump, far, world.server.port)))
    config = world.home / "config"
    config.write_text(
        f"Host *\n  User tester\n  IdentityFile {world.key_file}\n  UserKnownHostsFile {world.known_hosts}\n"
        f"  ConnectTimeout {seconds:.0f}\n  ServerAliveInterval 0\n"
        f"Host jump\n  HostName 127.0.0.1\n  Port {jump}\n"
        f"Host far\n  HostName 127.0.0.1\n  Port {far}\n  ProxyJump jump\n"
    )
    plain = {"ansible_port": None, "ansible_ssh_private_key_file": None, "ansible_host": "far"}
    return {**plain, "ansible_ssh_common_args": f"-F {config}"}


def drip(sock: socket.socket) -> None:
    while True:
        sock.sendall(b"x")
        time.sleep(0.02)


def keep_silent(sock: socket.socket) -> None:
    while sock.recv(65536):
        pass


def drip_for_ever(channel: paramiko.Channel, command: bytes) -> None:
    """A login that prints without an end, and never gets to the agent."""
    while not channel.closed:
        channel.sendall(b"x")
        time.sleep(0.02)


def say_nothing(channel: paramiko.Channel, command: bytes) -> None:
    while channel.recv(65536):
        pass


class Frozen(Relay):
    """A relay that passes so many bytes on to the client, and none after them."""

    def __init__(self, port_behind: int, passes: int) -> None:
        self.passes = passes
        super().__init__(port_behind)

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        is_answer = source.getpeername()[1] == self.port_behind
        try:
            while data := source.recv(65536):
                if is_answer:
                    data, self.passes = data[: self.passes], self.passes - len(data[: self.passes])
                if data:
                    target.sendall(data)
        except OSError:
            pass


def test_the_ways_are_good(world: World) -> None:
    port = world.server.port
    assert call(world, PATIENCE, **by_jump(world, port, port, PATIENCE))["ping"] == "pong"
    assert call(world, PATIENCE, **by_command(world, pipe_to(world, port)))["ping"] == "pong"


@pytest.mark.parametrize("serve", [keep_silent, drip])
@pytest.mark.parametrize("place", ["jump", "far"])
def test_somebody_on_the_way_who_never_greets(world: World, serve: Callable[[socket.socket], None], place: str) -> None:
    server = RawServer(serve)
    ports = {"jump": world.server.port, "far": world.server.port, place: server.port}
    reason = lose(world, **by_jump(world, **ports))
    assert ("jump host jump" in reason) == (place == "jump"), reason
    server.close()


# The greeting, the key exchange, the log-in, and then the channel or the agent's start.
@pytest.mark.parametrize("passes", [10, *map(only_with_long, [500, 1500]), 2000, only_with_long(2500)])
@pytest.mark.parametrize("place", ["jump", "far"])
def test_somebody_on_the_way_who_falls_silent(world: World, passes: int, place: str) -> None:
    relay = Frozen(world.server.port, passes)
    ports = {"jump": world.server.port, "far": world.server.port, place: relay.port}
    lose(world, **by_jump(world, **ports))
    relay.close()


@pytest.mark.parametrize("run", [drip_for_ever, say_nothing])
def test_an_agent_behind_a_jump_host_that_never_begins(
    world: World, run: Callable[[paramiko.Channel, bytes], None]
) -> None:
    world.rules.run = run
    lose(world, **by_jump(world, world.server.port, world.server.port))


def by_command(world: World, command: str) -> dict[str, Any]:
    option = shlex.quote(f"ProxyCommand={command}")
    return {"ansible_ssh_common_args": f"{world.variables['ansible_ssh_common_args']} -o {option}"}


RELAY = """
import os, socket, sys, threading, time
sock, left = socket.create_connection(("127.0.0.1", int(sys.argv[1]))), int(sys.argv[2])
open(sys.argv[3], "w").write(str(os.getpid()))
def send():
    while data := os.read(0, 65536): sock.sendall(data)
    os._exit(0)
threading.Thread(target=send).start()
while (data := sock.recv(65536)) and left > 0:
    os.write(1, data[:left])
    left -= len(data)
while left <= 0: time.sleep(60)
os._exit(0)
"""


def pipe_to(world: World, port: int, passes: int = 10**9) -> str:
    """A ProxyCommand that passes so many bytes on from the host, and then keeps silent."""
    (world.home / "relay.py").write_text(RELAY)
    return shlex.join([sys.executable, str(world.home / "relay.py"), str(port), str(passes), str(world.home / "pid")])


@pytest.mark.parametrize("passes", [1, *map(only_with_long, [10, 500, 1500, 2000]), 2500])
def test_a_proxy_command_that_falls_silent(world: World, passes: int) -> None:
    lose(world, **by_command(world, pipe_to(world, world.server.port, passes)))
    with pytest.raises(ProcessLookupError):
        os.kill(int((world.home / "pid").read_text()), 0)


@pytest.mark.parametrize("script", ["sleep 600", "while :; do printf x; sleep 0.02; done", "exec cat", "cat /dev/zero"])
def test_a_proxy_command_that_is_no_way(world: World, script: str) -> None:
    lose(world, **by_command(world, shlex.join(["sh", "-c", script])))
