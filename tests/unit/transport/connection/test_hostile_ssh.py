"""SSH servers that flood, drip, keep silent or never answer: the host is lost in bounded
time, with the reason."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import paramiko
import pytest

from mooring.deadline import Deadline
from mooring.errors import ConnectionLost, HostUnreachable
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection import ConnectionSettings, Keys, KeyStore, RunOptions, open_connection, ssh
from mooring.transport.connection import line as line_module
from tests.support.hostile_ssh import RawServer, Relay
from tests.support.ssh_world import World, line

GREETING = b"SSH-2.0-evil\r\n"
# Far above what any of these takes.
LONG = 60.0
# What an SSH server of the tests does with a client.
SERVER = "tests.support.ssh_server._Session"


@pytest.fixture
def relay(world: World) -> Iterator[Relay]:
    relay = Relay(world.server.port)
    world.known_hosts.write_text(line(relay.port, world.host_key) + "\n")
    yield relay
    relay.close()


def settings(world: World, port: int, *options: str, **more: Any) -> ConnectionSettings:
    arguments = world.variables["ansible_ssh_common_args"] + "".join(f" -o {option}" for option in options)
    variables = {**world.variables, "ansible_port": port, "ansible_ssh_common_args": arguments, **more}
    return ConnectionSettings.from_variables("web1", variables)


def refuse(world: World, serve: Any) -> str:
    """Why a server that behaves like this is lost; it must be told before the
    log-in's own time is up."""
    server = RawServer(serve)
    began = time.monotonic()
    with pytest.raises(ConnectionLost) as caught:
        open_connection(settings(world, server.port, ansible_timeout=LONG))
    server.close()
    assert time.monotonic() - began < LONG / 2
    return caught.value.reason


def flood(sock: socket.socket, data: bytes) -> None:
    while True:
        sock.sendall(data)


def test_a_greeting_without_end(world: World) -> None:
    for data in (b"x" * 1000, b"not yet\n" * 100):
        reason = refuse(world, lambda sock, data=data: flood(sock, data))
        assert "SSH's greeting" in reason


@pytest.mark.parametrize("size", [2**32 - 12, 2**31 + 4, 512 * 1024 + 4])
def test_a_packet_that_is_none(world: World, size: int) -> None:
    def serve(sock: socket.socket) -> None:
        sock.sendall(GREETING + struct.pack(">I", size))
        flood(sock, bytes(65536))

    assert "a packet of" in refuse(world, serve)


def test_connecting_ends_at_its_deadline_though_bytes_keep_coming(world: World) -> None:
    def serve(sock: socket.socket) -> None:
        for _ in itertools.count():
            sock.sendall(b"x")
            time.sleep(0.01)

    server = RawServer(serve)
    began = time.monotonic()
    with pytest.raises(ConnectionLost):
        open_connection(settings(world, server.port, ansible_timeout=1), Deadline(1.0))
    assert time.monotonic() - began < LONG / 2
    server.close()


def test_a_log_in_that_is_never_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        f"{SERVER}.check_auth_publickey",
        lambda *_: threading.Event().wait(LONG) and paramiko.AUTH_FAILED,
    )
    with pytest.raises(ConnectionLost, match="within 2 seconds"):
        open_connection(settings(world, world.server.port, ansible_timeout=2), Deadline(1.0))


def test_a_command_that_is_never_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{SERVER}.check_channel_exec_request", lambda *_: threading.Event().wait(LONG))
    with open_connection(settings(world, world.server.port)) as connection:
        connection.limit(Deadline(0.5))
        with pytest.raises(ConnectionLost, match="was not ready within"):
            connection.start("true")


def test_the_operators_time_is_not_the_hosts(world: World) -> None:
    """A passphrase that takes longer to type than the host has."""
    from tests.support.ssh_world import make_key

    world.rules.keys = (make_key(world.home / "secret", "open sesame"),)

    def ask(path: str) -> str:
        time.sleep(1.5)
        return "open sesame"

    variables = {**world.variables, "ansible_ssh_private_key_file": str(world.home / "secret"), "ansible_timeout": 1}
    options = RunOptions(keys=Keys(KeyStore(ask)))
    open_connection(ConnectionSettings.from_variables("web1", variables, options), Deadline(1.0), options.keys).close()


def test_a_host_that_falls_silent_is_lost_after_missed_keepalives(world: World, relay: Relay) -> None:
    alive = ("ServerAliveInterval=1", "ServerAliveCountMax=2")
    quiet: list[float] = []
    with open_connection(settings(world, relay.port, *alive)) as connection:
        remote = Remote.start(connection, Bundle(), interpreter=sys.executable)
        remote.on_quiet = quiet.append
        remote.call("ping", {})
        relay.freeze()
        with pytest.raises(ConnectionLost, match=r"did not answer for \d+ seconds \(2 keepalives missed\)"):
            remote.call("ping", {}, timeout=LONG)


def test_a_host_that_answers_keepalives_may_work_as_long_as_it_needs(world: World, relay: Relay) -> None:
    alive = ("ServerAliveInterval=1", "ServerAliveCountMax=1")
    with open_connection(settings(world, relay.port, *alive)) as connection:
        remote = Remote.start(connection, Bundle(), interpreter=sys.executable)
        reply = remote.call("wait_for", {**WAIT, "timeout": 3}, timeout=LONG)
        assert reply["elapsed"] >= 3


WAIT = {
    "host": "127.0.0.1", "port": None, "path": None, "search_regex": None, "state": "started", "delay": 0,
    "sleep": 1, "connect_timeout": 5, "msg": None,
}  # fmt: skip


def test_silence_is_told_and_its_end_too(world: World, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mooring.transport.connection.transport.PATIENCE", 0.5)
    quiet: list[float] = []
    with open_connection(settings(world, relay.port, "ServerAliveInterval=1")) as connection:
        remote = Remote.start(connection, Bundle(), interpreter=sys.executable)

        def hear(seconds: float) -> None:
            quiet.append(seconds)
            relay.thaw()

        remote.on_quiet = hear
        number = remote.send("ping", {"data": "pong"})
        remote.receive(number)
        relay.freeze()
        assert remote.call("ping", {"data": "pong"}, timeout=LONG)["ping"] == "pong"
    assert quiet[0] > 1
    assert quiet[-1] == 0


def test_a_command_that_reads_nothing_while_its_host_lives(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "STALL_SECONDS", 1.0)
    with open_connection(settings(world, world.server.port, "ServerAliveInterval=1")) as connection:
        process = connection.start("sleep 60")
        with pytest.raises(ConnectionLost, match="took nothing"):
            process.write(bytes(20_000_000))
        process.close()


def test_a_host_that_sends_more_than_it_has_room_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(self: Any, channel: paramiko.Channel, command: bytes) -> bool:
        def send() -> None:
            with contextlib.suppress(OSError, EOFError):
                channel.sendall(bytes(10_000_000))

        channel.out_window_size = 2**40
        threading.Thread(target=send, daemon=True).start()
        return True

    monkeypatch.setattr(f"{SERVER}.check_channel_exec_request", serve)
    with open_connection(settings(world, world.server.port)) as connection:
        process = connection.start("true")
        transport = connection._route.transports[-1]  # type: ignore[attr-defined]
        transport.join(LONG)
        assert not transport.is_alive()
        assert len(process._channel.in_buffer) < 5_000_000  # type: ignore[attr-defined]


def test_packets_for_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_module, "MOST_EMPTY_BYTES", 100_000)

    def serve(self: Any, channel: paramiko.Channel, command: bytes) -> bool:
        def send() -> None:
            with contextlib.suppress(OSError, EOFError):
                for _ in range(100_000):
                    channel.get_transport().send_ignore(10_000)

        threading.Thread(target=send, daemon=True).start()
        return True

    monkeypatch.setattr(f"{SERVER}.check_channel_exec_request", serve)
    with open_connection(settings(world, world.server.port)) as connection, pytest.raises(HostUnreachable):
        Remote.start(connection, Bundle(), timeout=LONG / 2)


def test_numbers_that_loops_would_go_by(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """EXT_INFO with four billion entries, and a log-in that asks four billion questions."""

    def serve(self: Any, channel: paramiko.Channel, command: bytes) -> bool:
        message = paramiko.Message()
        message.add_byte(bytes([7]))
        message.add_int(2**32 - 1)
        channel.get_transport()._send_message(message)
        return True

    monkeypatch.setattr(f"{SERVER}.check_channel_exec_request", serve)
    with open_connection(settings(world, world.server.port)) as connection:
        with pytest.raises(HostUnreachable):
            Remote.start(connection, Bundle(), timeout=LONG / 2)
        transport = connection._route.transports[-1]  # type: ignore[attr-defined]
        transport.join(LONG)
        assert not transport.is_alive()
