"""A server on loopback that answers HTTP as maliciously as a test asks: byte for byte,
and without an end.

Each behaviour gets the connection after the request's head came. Those that have no end go on until
the client hangs up or the test is over; `sent` counts what they got rid of, and so tells how much
of it the client was ready to take.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.serving import accept_all

HEAD = b"HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BLOCK = b"x" * 65536
# Seconds between two bytes of what comes one by one.
DRIP = 0.02


class EvilServer:
    """Every connection has the same behaviour; `requests` are the heads that came, `path`
    of the newest one."""

    def __init__(
        self, behaviour: Callable[[EvilServer, socket.socket], None], greets: bool = False, path: str = ""
    ) -> None:
        self._behaviour, self._greets = behaviour, greets
        if path:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(path)
            self._listener.listen()
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.port: int = self._listener.getsockname()[1]
        self.over = threading.Event()
        self.sent = 0
        self.requests: list[bytes] = []
        accept_all(self._listener, self._serve)

    @property
    def path(self) -> str:
        return self.requests[-1].split()[1].decode()

    def send(self, sock: socket.socket, data: bytes) -> None:
        sock.sendall(data)
        self.sent += len(data)

    def repeat(self, sock: socket.socket, data: bytes) -> None:
        """Without an end."""
        while not self.over.is_set():
            self.send(sock, data)

    def drip(self, sock: socket.socket, data: bytes) -> None:
        """Byte after byte, without an end, each long before any timeout of a single read."""
        for number in itertools.cycle(range(len(data))):
            if self.over.wait(DRIP):
                return
            self.send(sock, data[number : number + 1])

    def close(self) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            head = b""
            while not self._greets and b"\r\n\r\n" not in head:
                data = sock.recv(65536)
                if not data:
                    return
                head += data
            self.requests.append(head)
            self._behaviour(self, sock)


def say(answer: bytes) -> Callable[[EvilServer, socket.socket], None]:
    """Send this, and hang up."""
    return lambda server, sock: server.send(sock, answer)


def repeat(head: bytes, data: bytes) -> Callable[[EvilServer, socket.socket], None]:
    """Send this once, and that without an end."""

    def behave(server: EvilServer, sock: socket.socket) -> None:
        server.send(sock, head)
        server.repeat(sock, data)

    return behave


def drip(head: bytes, data: bytes) -> Callable[[EvilServer, socket.socket], None]:
    """Send this once, and that over and over, byte by byte."""

    def behave(server: EvilServer, sock: socket.socket) -> None:
        server.send(sock, head)
        server.drip(sock, data)

    return behave


def body(content: bytes, *headers: bytes) -> bytes:
    """A whole answer."""
    lines = b"".join(header + b"\r\n" for header in headers)
    return HEAD + lines + b"Content-Length: %d\r\n\r\n" % len(content) + content


FLOODS = {
    "a body in chunks": repeat(CHUNKED, b"10000\r\n" + BLOCK + b"\r\n"),
    "a body until the end": repeat(HEAD + b"Connection: close\r\n\r\n", BLOCK),
    "a length of petabytes": repeat(HEAD + b"Content-Length: 1000000000000000\r\n\r\n", BLOCK),
    "a chunk of petabytes": repeat(CHUNKED + b"fffffffffffff\r\n", BLOCK),
    "a chunk of less than nothing": repeat(CHUNKED + b"-1\r\n", BLOCK),
    "chunks of one byte": repeat(CHUNKED, b"1;" + b"e" * 8000 + b"\r\nx\r\n"),
    "a chunk's length": repeat(CHUNKED, b"0"),
    "trailers": repeat(CHUNKED + b"0\r\n", b"X: y\r\n" * 10_000),
    "100 Continue": repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "headers of 100 Continue": repeat(b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n"),
    "headers": repeat(HEAD, b"X: y\r\n"),
    "a few long headers": repeat(HEAD, b"X: " + b"y" * 60000 + b"\r\n"),
    "one header": repeat(HEAD + b"X: ", b"y"),
    "a status line": repeat(b"HTTP/1.1 ", b"2"),
}
DRIPS = {
    "a drip of a status line": drip(b"HTTP/1.1 ", b"2"),
    "a drip of headers": drip(HEAD + b"X: ", b"y"),
    "a drip of 100 Continue": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a drip of a body": drip(HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "a drip of chunks": drip(CHUNKED, b"1\r\n \r\n"),
    "a drip without a length": drip(HEAD + b"Connection: close\r\n\r\n", b" "),
    "silence": lambda server, sock: (server.over.wait(), None)[1],
    "silence after the head": lambda server, sock: (server.send(sock, CHUNKED), server.over.wait(), None)[2],
}
LIES = {
    "nothing": say(b""),
    "a mail server": say(b"220 mail.example.com ESMTP\r\n"),
    "a status that is a digit of another kind": say(b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n"),
    "a body that ends too early": say(HEAD + b"Content-Length: 100\r\n\r\n{}"),
    "a chunk that ends too early": say(CHUNKED + b"64\r\n{}"),
    "a chunk's length that is not a number": say(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
}


@contextmanager
def serve_evil(
    behaviour: Callable[[EvilServer, socket.socket], None], greets: bool = False, path: str = ""
) -> Iterator[EvilServer]:
    """The server, on TCP or on a Unix socket; one that `greets` speaks before anybody asked."""
    server = EvilServer(behaviour, greets, path)
    try:
        yield server
    finally:
        server.close()
