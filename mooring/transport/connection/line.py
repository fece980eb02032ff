"""The bytes under an SSH connection: bounded in time and in size, and watched for a sign of life.

paramiko itself takes packets of up to 4 GiB, waits anew after every byte, and sends keepalives
that ask for no answer. Every byte of a connection passes through here, so these are the two
places where that ends.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import paramiko
from paramiko.packet import Packetizer

from mooring.deadline import Deadline
from mooring.transport.connection.process import STALL_SECONDS

# OpenSSH's own limit; a longer packet is not valid.
LONGEST_PACKET = 256 * 1024
# What a server may say before its greeting, in all.
LONGEST_GREETING = 64 * 1024
# Bytes of packets that carry nothing for us, beyond four times of those that do: padding, messages
# to nobody.
MOST_EMPTY_BYTES = 64 * 1024 * 1024
MSG_EXT_INFO, MSG_USERAUTH_INFO_REQUEST = 7, 60
MOST_ENTRIES = 256


class Socket(Protocol):
    """What paramiko needs of a socket, or of a channel of a jump host."""

    def recv(self, size: int, /) -> bytes: ...

    def send(self, data: bytes, /) -> int: ...

    def close(self) -> None: ...

    def settimeout(self, seconds: float | None, /) -> None: ...


class LineEnded(paramiko.SSHException):
    """The line was ended from this side; the text says why."""


class Line:
    """A socket as paramiko uses it. `heard` and `took` are when the other side last
    sent or took bytes.

    `received` counts the bytes that came, `useful` those of them that were for a channel.

    The socket's own timeout is short, so that `on_quiet` is called several times a second while
    nothing comes; it may raise LineEnded. Both directions end when the `deadline` is over.
    """

    def __init__(self, sock: Socket, deadline: Deadline) -> None:
        self._sock = sock
        self.deadline = deadline
        self.heard = self.took = time.monotonic()
        self.received = self.useful = 0
        self._stuck: Deadline | None = None
        self.on_quiet: Callable[[], None] = lambda: None
        self.reason = ""

    def recv(self, size: int) -> bytes:
        """As a socket's: TimeoutError after a moment."""
        self._check()
        try:
            data = self._sock.recv(size)
        except TimeoutError:
            self.on_quiet()
            raise
        self.heard = time.monotonic()
        self.received += len(data)
        return data

    def send(self, data: bytes) -> int:
        """As a socket's: TimeoutError after a moment."""
        self._check()
        try:
            sent = self._sock.send(data)
        except TimeoutError:
            self._stuck = self._stuck or Deadline(STALL_SECONDS)
            if self._stuck.is_over:
                self.end(f"the host took nothing of what was sent to it for {STALL_SECONDS:.0f} seconds")
            raise
        self.took, self._stuck = time.monotonic(), None
        return sent

    def end(self, reason: str) -> NoReturn:
        """Break the line off for this reason."""
        self.reason = self.reason or reason
        raise LineEnded(self.reason)

    def close(self) -> None:
        """Close the socket; that of a jump host's channel would tell a host of it that
        may be gone already."""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._sock.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def _check(self) -> None:
        if self.reason or self.deadline.is_over:
            self.end(f"the host was not ready within {self.deadline.seconds or 0:.0f} seconds")


class Packets(Packetizer):
    """paramiko's packets with an end to their size, and to the numbers in them that
    loops would go by."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)  # type: ignore[arg-type]
        self._line, self._greeted = line, 0

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        if n > LONGEST_PACKET + 1024:
            raise paramiko.SSHException(f"a packet of {n} bytes, and {LONGEST_PACKET} are the limit")
        data: bytes = super().read_all(n, check_rekey)
        return data

    def read_message(self) -> tuple[int, paramiko.Message]:
        kind, message = super().read_message()
        if self._line.received - 4 * self._line.useful > MOST_EMPTY_BYTES:
            raise paramiko.SSHException(f"more than {MOST_EMPTY_BYTES // (1024 * 1024)} MiB came that are for nobody")
        if kind == MSG_EXT_INFO:
            _check_count(message.get_int())
            message.rewind()
        elif kind == MSG_USERAUTH_INFO_REQUEST:
            for _ in range(3):
                message.get_binary()
            _check_count(message.get_int())
            message.rewind()
        return kind, message

    def _read_timeout(self, timeout: float) -> bytes:
        data: bytes = super()._read_timeout(timeout)  # type: ignore[misc]
        self._greeted += len(data)
        if self._greeted > LONGEST_GREETING:
            raise paramiko.SSHException(f"more than {LONGEST_GREETING // 1024} KiB came before the greeting")
        return data


def _check_count(count: int) -> None:
    if count > MOST_ENTRIES:
        raise paramiko.SSHException(f"a message that promises {count} entries")
