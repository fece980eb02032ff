"""SSH by paramiko: one connection per host, perhaps through others, and processes in its channels."""

from __future__ import annotations

import contextlib
import select
import time

import paramiko

from mooring.connection.dial import Route
from mooring.connection.process import Connection, Process, Stream
from mooring.connection.settings import ConnectionSettings
from mooring.errors import ConnectionLost

CHUNK = 1024 * 1024
# paramiko's signal for "something came on either stream" may be lost when both change at once, so look anyway.
LOOK_SECONDS = 1.0
FORBIDDEN = 1  # SSH_OPEN_ADMINISTRATIVELY_PROHIBITED


class SshProcess(Process):
    """A command in a session channel."""

    def __init__(self, channel: paramiko.Channel) -> None:
        super().__init__()
        self._channel = channel
        self._signal = select.poll()
        self._signal.register(channel.fileno(), select.POLLIN)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self._channel.settimeout(timeout)
        try:
            self._channel.sendall(data)
        except TimeoutError:
            raise
        except (OSError, paramiko.SSHException) as error:
            raise ConnectionLost(f"the connection broke while sending ({error})") from None

    def wait(self, timeout: float | None) -> bool:
        limit = None if timeout is None else time.monotonic() + timeout
        while not self._has_news():
            left = LOOK_SECONDS if limit is None else min(LOOK_SECONDS, limit - time.monotonic())
            if left <= 0:
                return False
            self._signal.poll(left * 1000)
        return True

    def _has_news(self) -> bool:
        channel = self._channel
        return bool(channel.recv_ready() or channel.recv_stderr_ready() or self._is_over())

    def _is_over(self) -> bool:
        channel = self._channel
        return bool(channel.eof_received or channel.closed or not channel.get_transport().is_active())

    def read_ready(self) -> bytes | None:
        over = self._is_over()  # before the looks below: what came before the end must not be lost
        while self._channel.recv_stderr_ready():
            self.keep_errors(self._channel.recv_stderr(CHUNK))
        if self._channel.recv_ready():
            return self._channel.recv(CHUNK)
        return b"" if over else None

    def close_stdin(self) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.shutdown_write()

    def exit_status(self, timeout: float) -> int | None:
        limit = time.monotonic() + timeout
        while not self._channel.status_event.wait(0.02):
            self.read_ready()  # a full window would hold the process up
            if time.monotonic() > limit or not self._channel.get_transport().is_active():
                return None
        status = self._channel.recv_exit_status()
        return None if status == -1 else status

    def close(self) -> None:
        self._channel.close()


class SshConnection(Connection):
    """An authenticated connection."""

    def __init__(self, route: Route) -> None:
        self._route = route

    @classmethod
    def open(cls, settings: ConnectionSettings) -> SshConnection:
        """Connect and log in; HostUnreachable and its kin say why not."""
        route = Route(settings)
        try:
            route.travel()
        except BaseException:
            route.close()
            raise
        return cls(route)

    @property
    def user(self) -> str:
        return self._route.transports[-1].get_username() or ""

    @property
    def local_address(self) -> str | None:
        return self._route.local_address

    def start(self, command: str) -> Process:
        try:
            channel = self._route.transports[-1].open_session(timeout=self._route.timeout)
            channel.exec_command(command)
        except (OSError, EOFError, paramiko.SSHException) as error:
            reason = str(error) or "the connection broke"
            raise ConnectionLost(f"the host does not start a command: {reason}") from None
        return SshProcess(channel)

    def open_tunnel(self, host: str, port: int) -> Stream:
        via, timeout = self._route.transports[-1], self._route.timeout
        try:
            return via.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=timeout)
        except paramiko.ChannelException as error:
            if error.code == FORBIDDEN:
                raise PermissionError(f"the host's sshd forbids tunnels (AllowTcpForwarding): {error.text}") from None
            raise ConnectionError(f"the host does not reach {host} port {port}: {error.text}") from None
        except (EOFError, paramiko.SSHException) as error:
            raise ConnectionError(f"the host did not open a way to {host} port {port}: {error}") from None

    def close(self) -> None:
        self._route.close()
