"""The connection to this very machine: a child process instead of an SSH channel."""

from __future__ import annotations

import os
import pwd
import selectors
import signal
import socket
import subprocess
import time

from mooring.deadline import Deadline
from mooring.errors import ConnectionLost
from mooring.transport.connection.process import STALL_SECONDS, Connection, Process, Stream

CHUNK = 256 * 1024
# Of standard error in one go, in chunks: a process that never stops writing there must not hold us.
ERROR_CHUNKS = 8
TUNNEL_SECONDS = 10.0


class LocalProcess(Process):
    """A child of this process in a session of its own, so that Ctrl-C reaches only us."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self._child = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        assert self._child.stderr is not None
        self._stdin, self._stdout, self._stderr = self._child.stdin, self._child.stdout, self._child.stderr
        for stream in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(stream.fileno(), False)
        self._readers = selectors.DefaultSelector()
        self._readers.register(self._stdout, selectors.EVENT_READ)
        self._readers.register(self._stderr, selectors.EVENT_READ)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        deadline, stall = Deadline(timeout), Deadline(STALL_SECONDS)
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._stdin.fileno(), view[:CHUNK]) :]
                stall = Deadline(STALL_SECONDS)
            except BlockingIOError:
                self._await_room(deadline, stall)
            except (OSError, ValueError) as error:
                raise ConnectionLost(f"the local process takes no more input ({error})") from None

    def _await_room(self, deadline: Deadline, stall: Deadline) -> None:
        """Wait until the child reads on, taking in its standard error, on which it
        may be stuck itself."""
        if deadline.is_over:
            raise TimeoutError
        if stall.is_over:
            raise ConnectionLost(f"the local process took no input for {STALL_SECONDS:.0f} seconds")
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdin, selectors.EVENT_WRITE)
            if self._stderr.fileno() in {key.fd for key in self._readers.get_map().values()}:
                selector.register(self._stderr, selectors.EVENT_READ)
            selector.select(deadline.within(STALL_SECONDS))
        self._take_errors()

    def wait(self, timeout: float | None) -> bool:
        return bool(self._readers.select(timeout))

    def read_ready(self) -> bytes | None:
        self._take_errors()
        try:
            return os.read(self._stdout.fileno(), CHUNK)
        except BlockingIOError:
            return None
        except ValueError:
            return b""

    def _take_errors(self) -> None:
        try:
            for _ in range(ERROR_CHUNKS):
                data = os.read(self._stderr.fileno(), CHUNK)
                if not data:
                    self._readers.unregister(self._stderr)
                    return
                self.keep_errors(data)
        except (BlockingIOError, KeyError, ValueError):
            return

    def close_stdin(self) -> None:
        self._stdin.close()

    def exit_status(self, timeout: float) -> int | None:
        limit = time.monotonic() + timeout
        while True:
            try:
                return self._child.wait(0.05)
            except subprocess.TimeoutExpired:
                if time.monotonic() > limit:
                    return None
                self.read_ready()

    def close(self) -> None:
        self._stdin.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.exit_status(0.5) is not None:
                break
            try:
                os.killpg(self._child.pid, number)
            except (ProcessLookupError, PermissionError):
                break
        self._readers.close()
        self._stdout.close()
        self._stderr.close()


class LocalConnection(Connection):
    """Commands run on this machine, as the user that runs Mooring."""

    def __init__(self) -> None:
        self._processes: list[LocalProcess] = []

    @property
    def user(self) -> str:
        return pwd.getpwuid(os.getuid()).pw_name

    @property
    def local_address(self) -> str | None:
        return None

    def start(self, command: str) -> Process:
        process = LocalProcess(command)
        self._processes.append(process)
        return process

    def open_tunnel(self, host: str, port: int) -> Stream:
        return socket.create_connection((host, port), TUNNEL_SECONDS)

    def close(self) -> None:
        """End the processes that still run, as a lost SSH connection would."""
        for process in tuple(self._processes):
            process.close()
