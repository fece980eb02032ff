"""Connecting by SSH, against a server on loopback: host keys, log-in, jump hosts, and
every reason why not."""

from __future__ import annotations

import os
import shlex
import socket
import sys
import threading
import time
from pathlib import Path

import paramiko
import pytest

from mooring.errors import AuthenticationFailed, ConnectionLost, HostKeyRejected, HostUnreachable
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection import Keys, KeyStore, Passwords, RunOptions
from tests.support.ssh_world import World, line, make_key


def test_the_agent_works_over_ssh(world: World) -> None:
    with world.connect() as connection:
        assert (connection.user, connection.local_address) == ("tester", "127.0.0.1")
        with Remote.start(connection, Bundle(), interpreter=sys.executable) as remote:
            assert remote.call("ping", {"data": "pong"})["ping"] == "pong"


def test_process_streams(world: World) -> None:
    with world.connect() as connection:
        process = connection.start("head -c 300000 /dev/zero; echo oops >&2; cat; exit 7")
        process.write(b"more")
        process.close_stdin()
        data = b""
        while part := process.read(10):
            data += part
        assert data == bytes(300_000) + b"more"
        assert bytes(process.errors) == b"oops\n"
        assert process.exit_status(5) == 7
        with pytest.raises(TimeoutError):
            connection.start("sleep 5").read(0.1)


def test_unknown_key_names_the_line_to_add(world: World) -> None:
    world.known_hosts.write_text("")
    reason = world.refuse(HostKeyRejected)
    assert f"the key of [127.0.0.1]:{world.server.port} is unknown: ssh-ed25519 SHA256:" in reason
    assert str(world.known_hosts) in reason
    assert reason.splitlines()[1] == line(world.server.port, world.host_key)
    world.known_hosts.write_text(reason.splitlines()[1] + "\n")
    world.connect().close()


def test_new_keys_are_recorded_on_request(world: World) -> None:
    world.known_hosts.unlink()
    known_hosts = world.home / "new" / "known_hosts"
    arguments = world.variables["ansible_ssh_common_args"].replace(str(world.known_hosts), str(known_hosts))
    options = RunOptions(accept_new_host_keys=True)
    for _ in range(2):
        world.connect(options, ansible_ssh_common_args=arguments).close()
    assert known_hosts.read_text() == line(world.server.port, world.host_key) + "\n"
    assert known_hosts.stat().st_mode & 0o777 == 0o600


def test_changed_key_is_refused_in_every_mode(world: World) -> None:
    old = make_key(world.home / "old")
    world.known_hosts.write_text("# comment\n" + line(world.server.port, old) + "\n")
    switched_off = world.variables["ansible_ssh_common_args"] + " -o StrictHostKeyChecking=no"
    options = RunOptions(accept_new_host_keys=True)
    reason = world.refuse(HostKeyRejected, options, ansible_ssh_common_args=switched_off)
    assert "has changed" in reason
    assert f"{world.known_hosts}:2 has ssh-ed25519 SHA256:" in reason
    assert world.known_hosts.read_text().count("\n") == 2


def test_key_of_another_type_is_asked_for(world: World) -> None:
    """A host known by its RSA key must not fail because ed25519 is negotiated by preference."""
    rsa = world.server.host_keys[1]
    world.known_hosts.write_text(line(world.server.port, rsa) + "\n")
    world.connect().close()


def test_keys_are_never_accepted_without_a_record(world: World) -> None:
    arguments = "-F none -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o GlobalKnownHostsFile=none"
    assert "keys are always checked" in world.refuse(HostKeyRejected, ansible_ssh_common_args=arguments)


def test_refused_key_tells_what_was_tried(world: World) -> None:
    make_key(world.home / "other")
    reason = world.refuse(AuthenticationFailed, ansible_ssh_private_key_file=str(world.home / "other"))
    assert f"refuses to let tester in. Tried: key {world.home}/other (ssh-ed25519)." in reason
    assert "The host accepts: publickey." in reason


def test_key_file_problems(world: World) -> None:
    missing = world.refuse(AuthenticationFailed, ansible_ssh_private_key_file="/no/such/key")
    assert missing == "private key file /no/such/key does not exist"
    (world.home / "garbage").write_text("no key at all\n")
    garbage = world.refuse(AuthenticationFailed, ansible_ssh_private_key_file=str(world.home / "garbage"))
    assert "is not a private key that is supported" in garbage


def test_passphrase_is_asked_for_once(world: World) -> None:
    path = str(world.home / "secret")
    world.rules.keys = (make_key(world.home / "secret", "open sesame"),)
    reason = world.refuse(AuthenticationFailed, ansible_ssh_private_key_file=path)
    assert "has a passphrase: load it into ssh-agent" in reason
    prompts: list[str] = []
    answers = iter(["wrong", "open sesame"])
    options = RunOptions(keys=Keys(KeyStore(lambda key: prompts.append(key) or next(answers))))
    for _ in range(2):
        world.connect(options, ansible_ssh_private_key_file=path).close()
    assert prompts == [path, path]
    wrong = RunOptions(keys=Keys(KeyStore(lambda key: "wrong")))
    reason = world.refuse(AuthenticationFailed, wrong, ansible_ssh_private_key_file=path)
    assert reason.endswith("secret: wrong passphrase")


def test_passwords(world: World) -> None:
    world.rules.keys, world.rules.password = (), "pass/word"
    no_key = {"ansible_ssh_private_key_file": None}
    assert "No password was given" in world.refuse(AuthenticationFailed, **no_key)
    reason = world.refuse(AuthenticationFailed, **no_key, ansible_password="wr0ng")
    assert "Tried: the password. The host accepts: password." in reason
    assert "wr0ng" not in reason
    world.connect(**no_key, ansible_password="pass/word").close()
    world.connect(RunOptions(passwords=Passwords("pass/word")), **no_key).close()
    world.rules.interactive = True
    world.connect(**no_key, ansible_password="pass/word").close()


def test_key_and_password_together(world: World) -> None:
    world.rules.password, world.rules.needs_both = "pass", True
    assert "also wants" in world.refuse(AuthenticationFailed)
    world.connect(ansible_password="pass").close()


def test_addresses_that_do_not_answer(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        start = time.monotonic()
        reason = world.refuse(ConnectionLost, ansible_port=port, ansible_timeout=0.5)
        assert f"127.0.0.1:{port} closed the connection, or kept silent, before SSH's greeting" in reason
        assert time.monotonic() - start < 5
    assert f"127.0.0.1:{port} refuses the connection" in world.refuse(ConnectionLost, ansible_port=port)
    reason = world.refuse(HostUnreachable, ansible_host="no-such-host.invalid")
    assert "the name no-such-host.invalid is not known" in reason


def test_no_common_algorithm_names_the_offer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=greet_as_an_old_server, args=(listener,), daemon=True).start()
        reason = world.refuse(ConnectionLost, ansible_port=listener.getsockname()[1])
    assert "no common algorithm" in reason
    assert "It offers only diffie-hellman-group1-sha1" in reason


def greet_as_an_old_server(listener: socket.socket) -> None:
    """A greeting and a KEXINIT with an algorithm of the past."""
    sock, _ = listener.accept()
    sock.sendall(b"SSH-2.0-OldSSH_1.0\r\n")
    message = paramiko.Message()
    message.add_byte(bytes([20]))
    message.add_bytes(os.urandom(16))
    for names in (["diffie-hellman-group1-sha1"], ["ssh-rsa"], *[["aes128-ctr"]] * 2, *[["hmac-sha1"]] * 2):
        message.add_list(names)
    for names in (["none"], ["none"], [], []):
        message.add_list(names)
    message.add_boolean(False)
    message.add_int(0)
    body = message.asbytes()
    padding = 8 - (len(body) + 5) % 8 + 8
    sock.sendall((len(body) + padding + 1).to_bytes(4, "big") + bytes([padding]) + body + bytes(padding))
    sock.recv(65536)
    time.sleep(1)
    sock.close()


def test_jump_hosts(world: World, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"Host *\n  User tester\n  IdentityFile {world.key_file}\n  UserKnownHostsFile {world.known_hosts}\n"
        f"Host jump\n  HostName 127.0.0.1\n  Port {world.server.port}\n"
        f"Host far\n  HostName 127.0.0.1\n  Port {world.server.port}\n  ProxyJump jump\n"
        "Host round\n  ProxyJump round\n"
    )
    plain = {"ansible_port": None, "ansible_ssh_private_key_file": None}
    arguments = {"ansible_ssh_common_args": f"-F {config}"}
    with world.connect(ansible_host="far", **plain, **arguments) as connection:
        assert connection.local_address is None
        process = connection.start("echo through")
        assert process.read(10) == b"through\n"
    reason = world.refuse(HostUnreachable, ansible_host="round", **plain, **arguments)
    assert "ProxyJump goes in a circle" in reason
    world.rules.forwards = False
    reason = world.refuse(ConnectionLost, ansible_host="far", **plain, **arguments)
    assert reason.startswith(f"the jump host cannot reach 127.0.0.1:{world.server.port}")


def test_proxy_command(world: World, tmp_path: Path) -> None:
    relay = tmp_path / "relay.py"
    relay.write_text(
        "import os, socket, sys, threading\n"
        "sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def send():\n"
        "    while data := os.read(0, 65536): sock.sendall(data)\n"
        "    os._exit(0)\n"
        "threading.Thread(target=send).start()\n"
        "while data := sock.recv(65536): os.write(1, data)\n"
        "os._exit(0)\n"
    )
    command = shlex.join(["-o", f"ProxyCommand={shlex.join([sys.executable, str(relay)])} %h %p"])
    arguments = f"{world.variables['ansible_ssh_common_args']} {command}"
    with world.connect(ansible_ssh_common_args=arguments) as connection:
        assert connection.start("echo through").read(10) == b"through\n"


def test_connection_that_breaks_is_named(world: World) -> None:
    with world.connect() as connection, Remote.start(connection, Bundle(), interpreter=sys.executable) as remote:
        for transport in world.server.transports:
            transport.close()
        with pytest.raises(ConnectionLost, match="broke while a task was running"):
            remote.call("ping", {"data": "pong"}, timeout=20)
