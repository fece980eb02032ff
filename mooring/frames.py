"""Frames over a process's streams: the control side's end of the wire."""

from __future__ import annotations

import time
from typing import Any

from mooring.agent import wire
from mooring.connection.process import Process


class Silent(Exception):
    """Nothing came that was waited for: the output ended or time is up. The caller knows what that means."""


class Frames:
    """Reads and writes frames; `deadline` is the moment (time.monotonic) until which reads wait."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.buffer = bytearray()
        self.deadline: float | None = None

    def wait_at_most(self, seconds: float | None) -> None:
        """Set the deadline, None for none."""
        self.deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def skip_to_marker(self) -> None:
        """Drop what a login prints before the agent speaks."""
        while wire.MARKER not in self.buffer:
            self._fill()
        del self.buffer[: self.buffer.index(wire.MARKER) + len(wire.MARKER)]

    def write(self, kind: bytes, number: int, body: Any) -> None:
        self.write_bytes(wire.pack(kind, number, body))

    def write_bytes(self, data: bytes) -> None:
        """Send what is no frame: the code with which it all begins."""
        try:
            self.process.write(data, self._left())
        except TimeoutError:
            raise Silent from None

    def read(self) -> tuple[int, dict[str, Any]]:
        """The next message and its number; ValueError when it is none."""
        kind, number, body = wire.unpack(self._take)
        if kind != wire.JSON or not isinstance(body, dict):
            raise ValueError(f"frame of kind {kind!r}")
        return number, body

    def has_arrived(self) -> bool:
        """Whether anything came already, without waiting."""
        data = self.process.read_ready()
        if data == b"":
            raise Silent
        self.buffer += data or b""
        return bool(self.buffer)

    def drain(self, seconds: float) -> bytes:
        """All that still comes until the output's end, or for a while; for the message about a failure."""
        self.wait_at_most(seconds)
        try:
            while True:
                self._fill()
        except Silent:
            return bytes(self.buffer)

    def _left(self) -> float | None:
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def _take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self._fill()
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def _fill(self) -> None:
        try:
            data = self.process.read(self._left())
        except TimeoutError:
            raise Silent from None
        if not data:
            raise Silent
        self.buffer += data
