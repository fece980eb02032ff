"""SSH by paramiko: one connection per host, perhaps through others, and processes in its
channels."""

from __future__ import annotations

import contextlib
import threading
import time

import paramiko

from mooring.deadline import Deadline
from mooring.errors import ConnectionLost
from mooring.transport.connection.dial import Route
from mooring.transport.connection.process import STALL_SECONDS, Connection, Process, Stream
from mooring.transport.connection.settings import ConnectionSettings, Keys
from mooring.transport.connection.transport import Transport

CHUNK = 1024 * 1024
# Of standard error in one go, in chunks: a host that never stops writing there must not hold us.
ERROR_CHUNKS = 8
# paramiko does not signal everything that `_is_over` looks at, so look anyway.
LOOK_SECONDS = 1.0
FORBIDDEN = 1  # SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
BROKEN = (OSError, EOFError, paramiko.SSHException)


class _News:
    """Set by paramiko when something comes; its own signal, `fileno`, would cost two descriptors
    for each process."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.set = self.set_forever = self.event.set

    def clear(self) -> None:
        """One buffer is empty; the other one may not be, so only who waits clears the
        event, before it looks."""


class SshProcess(Process):
    """A command in a session channel."""

    def __init__(self, channel: paramiko.Channel, transport: Transport) -> None:
        super().__init__()
        self._channel, self._transport = channel, transport
        self._news = _News()
        for buffer in (channel.in_buffer, channel.in_stderr_buffer):
            buffer.set_event(self._news)  # type: ignore[arg-type]

    @property
    def trouble(self) -> str:  # type: ignore[override]
        return self._transport.trouble

    @property
    def quiet_seconds(self) -> float:  # type: ignore[override]
        return self._transport.quiet_seconds

    def write(self, data: bytes, timeout: float | None = None) -> None:
        deadline, view = Deadline(timeout), memoryview(data)
        try:
            while view:
                self._channel.settimeout(deadline.within(STALL_SECONDS))
                sent = self._channel.send(bytes(view[:CHUNK]))
                if not sent:
                    raise ConnectionLost(self.trouble or "the connection broke while sending")
                view = view[sent:]
        except TimeoutError:
            if deadline.is_over:
                raise
            reason = f"the host took nothing of what was sent to it for {STALL_SECONDS:.0f} seconds"
            raise ConnectionLost(reason) from None
        except BROKEN as error:
            raise ConnectionLost(self.trouble or f"the connection broke while sending ({error})") from None

    def wait(self, timeout: float | None) -> bool:
        limit = None if timeout is None else time.monotonic() + timeout
        while True:
            self._news.event.clear()
            if self._has_news():
                return True
            left = LOOK_SECONDS if limit is None else min(LOOK_SECONDS, limit - time.monotonic())
            if left <= 0:
                return False
            self._news.event.wait(left)

    def _has_news(self) -> bool:
        channel = self._channel
        return bool(channel.recv_ready() or channel.recv_stderr_ready() or self._is_over())

    def _is_over(self) -> bool:
        channel = self._channel
        return bool(channel.eof_received or channel.closed or not channel.get_transport().is_active())

    def read_ready(self) -> bytes | None:
        over = self._is_over()  # before the looks below: what came before the end must not be lost
        for _ in range(ERROR_CHUNKS):
            if not self._channel.recv_stderr_ready():
                break
            self.keep_errors(self._channel.recv_stderr(CHUNK))
        if self._channel.recv_ready():
            return self._channel.recv(CHUNK)
        return b"" if over else None

    def close_stdin(self) -> None:
        with contextlib.suppress(*BROKEN):
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
        with contextlib.suppress(*BROKEN):
            self._channel.close()


class SshConnection(Connection):
    """An authenticated connection."""

    def __init__(self, route: Route) -> None:
        self._route = route

    @classmethod
    def open(cls, settings: ConnectionSettings, deadline: Deadline, keys: Keys) -> SshConnection:
        """Connect and log in, all of it before the deadline; HostUnreachable and
        its kin say why not."""
        route = Route(settings, deadline, keys)
        try:
            route.travel()
        except BROKEN as error:
            route.close()
            raise ConnectionLost(f"the connection broke while it was made ({error or type(error).__name__})") from None
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
        transport = self._route.transports[-1]
        try:
            channel = transport.open_session(timeout=self._route.timeout)
            channel.exec_command(command)
        except BROKEN as error:
            reason = transport.trouble or str(error) or "the connection broke"
            raise ConnectionLost(f"the host does not start a command: {reason}") from None
        return SshProcess(channel, transport)

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

    def limit(self, deadline: Deadline) -> None:
        self._route.limit(deadline)

    def close(self) -> None:
        self._route.close()
