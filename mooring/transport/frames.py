"""Frames over a process's streams: the control machine's end of the wire. What a host may send is
bounded here.

Nothing is buffered before its length was checked, and no read waits beyond the deadline, also while
bytes keep coming.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mooring.agent import wire
from mooring.deadline import Deadline
from mooring.transport.connection.process import Process
from mooring.transport.messages import Malformed, parse

# Before the agent's marker: what logins print.
LONGEST_BANNER = 1024 * 1024
# For one request in all: its reply, its progress, other requests' messages, and all of standard
# error.
MOST_BYTES = 256 * 1024 * 1024
# What of a host's own words goes into a message about a failure to start.
KEPT_WORDS = 4096
LOOK_SECONDS = 1.0


class Silent(Exception):
    """Nothing came that was waited for: the output ended or time is up. The caller
    knows what that means."""


class Frames:
    """Reads and writes frames; reads wait until the `deadline`."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.buffer = bytearray()
        self.deadline = Deadline(None)
        self._watch: Callable[[], None] = lambda: None
        self._taken = 0
        self._mark = 0

    def set_watch(self, watch: Callable[[], None]) -> None:
        """Call that about once a second while a read waits."""
        self._watch = watch

    def begin_count(self) -> None:
        """What comes from now on counts towards the limit of bytes."""
        self._mark = self._taken + self.process.errors_seen

    @property
    def is_late(self) -> bool:
        return self.deadline.is_over

    def skip_to_marker(self) -> None:
        """Drop what a login prints before the agent speaks."""
        start = 0
        while (place := self.buffer.find(wire.MARKER, start)) < 0:
            start = max(0, len(self.buffer) - len(wire.MARKER) + 1)
            if len(self.buffer) > LONGEST_BANNER:
                raise Malformed(f"more than {LONGEST_BANNER // 1024} KiB came before the agent's first word")
            self._fill()
        del self.buffer[: place + len(wire.MARKER)]

    def write(self, kind: bytes, number: int, body: Any) -> None:
        self.write_bytes(wire.pack(kind, number, body))

    def write_bytes(self, data: bytes) -> None:
        """Send bytes outside of any frame: the agent's code, which comes first."""
        try:
            self.process.write(data, self.deadline.left)
        except TimeoutError:
            raise Silent from None

    def read(self) -> tuple[int, dict[str, Any]]:
        """The next message and its number, or Malformed. A host sends JSON frames only."""
        kind, number, length = wire.HEADER.unpack(self._take(wire.HEADER.size))
        if kind != wire.JSON:
            raise Malformed(f"a frame of kind {kind!r}")
        if length > wire.LONGEST:
            raise Malformed(f"a frame of {length} bytes, and {wire.LONGEST} are the limit")
        return number, parse(self._take(length))

    def has_arrived(self) -> bool:
        """Whether anything came already, without waiting."""
        if not self.buffer:
            self.buffer += self._read_ready() or b""
        return bool(self.buffer)

    def drain(self, seconds: float) -> bytes:
        """What still comes until the output's end, or for a while; for the message about a
        failure."""
        rest = Deadline(seconds)
        while len(self.buffer) < KEPT_WORDS:
            data = self.process.read_ready()
            self.buffer += data or b""
            if data == b"" or (data is None and (rest.is_over or not self.process.wait(rest.left))):
                break
        return bytes(self.buffer)

    def _take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self._fill()
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def _fill(self) -> None:
        """Take in what comes next."""
        while not self.is_late:
            data = self._read_ready()
            if data:
                self.buffer += data
                return
            self.process.wait(self.deadline.within(LOOK_SECONDS))
            self._watch()
        raise Silent

    def _read_ready(self) -> bytes | None:
        """What has come, None for nothing yet; Silent at its end, Malformed where it
        is too much in all."""
        data = self.process.read_ready()
        self._taken += len(data or b"")
        if self._taken + self.process.errors_seen - self._mark > MOST_BYTES:
            raise Malformed(f"more than {MOST_BYTES // (1024 * 1024)} MiB came for one request")
        if data == b"":
            raise Silent
        return data
