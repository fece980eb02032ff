"""A small SSH server on loopback by paramiko, so that the tests of connections need
nothing installed."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import paramiko

from tests.support.serving import accept_all

Address = tuple[str, int]


@dataclass
class Rules:
    """Whom the server lets in, and by what; `run` takes each command, `route` says where a tunnel
    really goes."""

    user: str = "tester"
    keys: tuple[paramiko.PKey, ...] = ()
    password: str | None = None
    interactive: bool = False
    needs_both: bool = False
    forwards: bool = True
    run: Callable[[paramiko.Channel, bytes], None] | None = None
    route: Callable[[Address], Address] = lambda destination: destination

    @property
    def methods(self) -> str:
        names = ["publickey"] if self.keys else []
        names += ["password"] if self.password and not self.interactive else []
        return ",".join(names + (["keyboard-interactive"] if self.interactive else []))


class _Transport(paramiko.Transport):
    """Begins a command when its client was told that it is taken: a quick one would close the
    channel before."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.taken: list[threading.Thread] = []

    def _send_user_message(self, data: paramiko.Message) -> None:
        super()._send_user_message(data)
        while threading.current_thread() is self and self.taken:
            self.taken.pop().start()


class _Session(paramiko.ServerInterface):
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.has_key = False
        self.commands: dict[int, bytes] = {}
        self.tunnels: dict[int, tuple[str, int]] = {}

    def get_allowed_auths(self, username: str) -> str:
        return self.rules.methods

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if username != self.rules.user or key not in self.rules.keys:
            return paramiko.AUTH_FAILED
        self.has_key = True
        return paramiko.AUTH_PARTIALLY_SUCCESSFUL if self.rules.needs_both else paramiko.AUTH_SUCCESSFUL

    def check_auth_password(self, username: str, password: str) -> int:
        right = username == self.rules.user and password == self.rules.password
        return paramiko.AUTH_SUCCESSFUL if right and not self.rules.interactive else paramiko.AUTH_FAILED

    def check_auth_interactive(self, username: str, submethods: str) -> paramiko.InteractiveQuery | int:
        if not self.rules.interactive:
            return paramiko.AUTH_FAILED
        return paramiko.InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        right = responses == [self.rules.password]
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        if not self.rules.forwards:
            return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        self.tunnels[chanid] = self.rules.route(destination)
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        run = threading.Thread(target=self.rules.run or run_command, args=(channel, command), daemon=True)
        channel.get_transport().taken.append(run)
        return True


def run_command(channel: paramiko.Channel, command: bytes) -> None:
    """Let a shell run it, as sshd does."""
    child = subprocess.Popen(
        ["/bin/sh", "-c", command.decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )

    def pump(read, write, finish) -> None:  # type: ignore[no-untyped-def]
        with contextlib.suppress(OSError):
            while data := read(65536):
                write(data)
        with contextlib.suppress(OSError):
            finish()

    threading.Thread(target=pump, args=(channel.recv, child.stdin.write, child.stdin.close), daemon=True).start()
    errors = threading.Thread(target=pump, args=(child.stderr.read, channel.sendall_stderr, child.stderr.close))
    errors.start()
    pump(child.stdout.read, channel.sendall, child.stdout.close)
    errors.join()
    with contextlib.suppress(OSError, EOFError):
        channel.send_exit_status(child.wait())
        channel.close()


@dataclass
class SshServer:
    """Listens on a free port of loopback until closed."""

    rules: Rules
    host_keys: tuple[paramiko.PKey, ...]
    transports: list[paramiko.Transport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        accept_all(self._listener, self._serve)

    def _serve(self, sock: socket.socket) -> None:
        transport = _Transport(sock)
        transport.set_log_channel("tests.ssh_server")
        self.transports.append(transport)
        for key in self.host_keys:
            transport.add_server_key(key)
        session = _Session(self.rules)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            transport.start_server(server=session)
            channels = []  # paramiko closes one that nobody holds, also before its command came
            while transport.is_active():
                channel = transport.accept(0.2)
                channels.append(channel)
                if channel is not None and channel.chanid in session.tunnels:
                    _connect(channel, session.tunnels[channel.chanid])

    def close(self) -> None:
        self._listener.close()
        for transport in self.transports:
            transport.close()


def _connect(channel: paramiko.Channel, destination: Address) -> None:
    """Carry both directions of a tunnel; one whose end refuses is closed."""
    try:
        target = socket.create_connection(destination)
    except OSError:
        channel.close()
        return
    for left, right in ((channel, target), (target, channel)):
        threading.Thread(target=_copy, args=(left, right), daemon=True).start()


def _copy(left, right) -> None:  # type: ignore[no-untyped-def]
    with contextlib.suppress(OSError, EOFError):
        while data := left.recv(65536):
            right.sendall(data)
        right.close()
