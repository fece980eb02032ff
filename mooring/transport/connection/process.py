"""What a connection must offer, whatever carries it: processes with three streams."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Protocol

from mooring.deadline import Deadline

KEPT_ERRORS = 64 * 1024
# A process that takes nothing of what is sent to it for so long, though its host answers, is given
# up.
STALL_SECONDS = 300.0


class Process(ABC):
    """A command that runs at the other end. `errors` holds the last of what it wrote
    to standard error.

    `errors_seen` counts all of that. `trouble` says why the way to the process broke, where that is
    known; `quiet_seconds` since when nothing was heard of a host that ought to have answered, 0
    where all is well.
    """

    trouble = ""
    quiet_seconds = 0.0

    def __init__(self) -> None:
        self.errors = bytearray()
        self.errors_seen = 0

    def keep_errors(self, data: bytes) -> None:
        """Remember what came on standard error, but not without limit."""
        self.errors += data
        self.errors_seen += len(data)
        del self.errors[:-KEPT_ERRORS]

    @abstractmethod
    def write(self, data: bytes, timeout: float | None = None) -> None:
        """Send all of the bytes to standard input within `timeout` seconds in all, or TimeoutError.

        ConnectionLost when nobody takes them any more, or none of them for STALL_SECONDS.
        """

    @abstractmethod
    def wait(self, timeout: float | None) -> bool:
        """Wait for something new on either output (or their end); False when nothing came in
        time."""

    @abstractmethod
    def read_ready(self) -> bytes | None:
        """What has come on standard output: None nothing yet, b"" its end; takes in
        standard error too."""

    @abstractmethod
    def close_stdin(self) -> None:
        """Tell the process that nothing more comes."""

    @abstractmethod
    def exit_status(self, timeout: float) -> int | None:
        """The exit status, negative for a signal; None when it did not end in
        time, or nobody knows."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the process; end it if it still runs and we can."""

    def read(self, timeout: float | None) -> bytes:
        """The next bytes of standard output, b"" at its end; TimeoutError when none come in
        time."""
        deadline = Deadline(timeout)
        while True:
            data = self.read_ready()
            if data is not None:
                return data
            if deadline.is_over or not self.wait(deadline.left):
                raise TimeoutError


class Stream(Protocol):
    """Bytes in both directions: what a channel and a socket have in common."""

    def recv(self, size: int, /) -> bytes: ...

    def sendall(self, data: bytes, /) -> None: ...

    def close(self) -> None: ...


class Connection(ABC):
    """A way to run commands on a host."""

    @property
    @abstractmethod
    def user(self) -> str:
        """The user that commands run as."""

    @property
    @abstractmethod
    def local_address(self) -> str | None:
        """The address from which the host sees us, None for a local connection."""

    @abstractmethod
    def start(self, command: str) -> Process:
        """Start a command line of the login shell."""

    @abstractmethod
    def open_tunnel(self, host: str, port: int) -> Stream:
        """A stream to an address as this host sees it.

        Raises PermissionError where the host forbids tunnels, another OSError where it
        does not get through.
        """

    def limit(self, deadline: Deadline) -> None:
        """All that is under way over the connection must be done by then, or the connection ends;
        no limit at first."""
        return

    @abstractmethod
    def close(self) -> None:
        """End the connection and all that runs over it."""

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
