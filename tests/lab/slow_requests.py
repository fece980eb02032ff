"""Slow requests by the thousand to a lab host, kept up until the block ends, or a deadline
comes."""

from __future__ import annotations

import errno
import random
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

HEADER, BODY, READ = "header", "body", "read"
LONGEST = 120.0
PAUSE = 1.0
# What one connection is to hold in the kernels: little, or
# thousands of them would starve the machine.
BUFFER = 4096


@dataclass
class Attack:
    """`count` connections of one kind to `address`; each that is closed is opened again.

    `name` is the Host, `blob` the path of a large answer (for READ). Nothing is left at the
    registry: bodies are those of a manifest, which is kept only when it is whole.
    """

    address: tuple[str, int]
    kind: str
    count: int
    name: str
    blob: str = ""
    opened: int = 0
    refused: int = 0
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _open: set[socket.socket] = field(default_factory=set)
    _ends: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Keep it up until told to end."""
        deadline = time.monotonic() + LONGEST
        began = time.monotonic()
        next_drip, begun = began + PAUSE, 0
        try:
            while not self._ends.is_set() and time.monotonic() < deadline:
                # The first second brings them all; closed ones come back at the same pace.
                allowed = int(self.count * (1 + time.monotonic() - began)) - begun
                for _ in range(min(self.count - len(self._open), allowed, 200)):
                    self._begin()
                    begun += 1
                for key, events in self._selector.select(0.1):
                    self._serve(key.fileobj, events)  # type: ignore[arg-type]
                if time.monotonic() >= next_drip:
                    next_drip = time.monotonic() + PAUSE
                    for connection in list(self._open):
                        self._drip(connection)
        finally:
            for connection in self._open:
                connection.close()
            self._selector.close()

    def end(self) -> None:
        self._ends.set()

    @property
    def is_up(self) -> bool:
        """As many as it wants were begun, whatever became of them."""
        return self.opened >= self.count

    def _begin(self) -> None:
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        status = connection.connect_ex(self.address)
        if status not in (0, errno.EINPROGRESS):
            connection.close()
            return
        self._open.add(connection)
        self._selector.register(connection, selectors.EVENT_WRITE)

    def _serve(self, connection: socket.socket, events: int) -> None:
        """A connection that has come about sends its beginning; one that was answered or closed has
        had its time."""
        if connection not in self._open:
            return
        try:
            if events & selectors.EVENT_WRITE:
                connection.send(self._beginning())
                self.opened += 1
                if self.kind == READ:
                    self._selector.unregister(connection)
                else:
                    self._selector.modify(connection, selectors.EVENT_READ)
            elif events & selectors.EVENT_READ:
                self.refused += bool(connection.recv(BUFFER))
                self._drop(connection)
        except OSError:
            self._drop(connection)

    def _drip(self, connection: socket.socket) -> None:
        """One byte more, of what is sent or of what is read: the connection is never silent."""
        try:
            if self.kind == READ:
                if not connection.recv(1):
                    self._drop(connection)
            else:
                connection.send(b"x")
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        if connection in self._selector.get_map():
            self._selector.unregister(connection)
        self._open.discard(connection)
        connection.close()

    def _beginning(self) -> bytes:
        method, path, rest = {
            HEADER: ("GET", "/v2/", "X-Slow: "),
            BODY: ("PUT", f"/v2/slow/manifests/t{random.randrange(10**9)}", "Content-Length: 1000000\r\n\r\n"),
            READ: ("GET", self.blob, "\r\n"),
        }[self.kind]
        return f"{method} {path} HTTP/1.1\r\nHost: {self.name}\r\n{rest}".encode()


@contextmanager
def under_attack(attack: Attack) -> Iterator[Attack]:
    """The block's time, begun when all connections were made."""
    thread = threading.Thread(target=attack.run, daemon=True)
    thread.start()
    try:
        limit = time.monotonic() + 30
        while not attack.is_up and time.monotonic() < limit and thread.is_alive():
            time.sleep(0.1)
        yield attack
    finally:
        attack.end()
        thread.join()
