"""HTTP to a registry over any byte stream: a socket of ours, or a channel of an SSH connection.

Whatever answers there is not trusted: a request has one deadline, and head and body have limits.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from mooring.agent.bounded import BLOCK, HOUR, BoundedSocket, Bounds, TooMuch, read_whole
from mooring.errors import RegistryError
from mooring.registry.sockets import dial, join_socket
from mooring.transport.connection.process import Stream

# How long a request and its answer may take; a long body has more, at this many bytes a second.
SECONDS = 60.0
SLOWEST = 64 * 1024
# Of an answer: all its headers, those before a `100 Continue` too, and its body. A manifest has 4
# MiB at most.
MOST_HEAD = 64 * 1024
MOST_BODY = 16 * 1024 * 1024
# A body that is read piece by piece ends when nothing comes for so long, or fewer bytes a second.
IDLE, TRICKLE = 60.0, 1024
# What a request carries: bytes whose length is told before, or parts that are sent in chunks.
Body = bytes | tuple[bytes, ...] | None
# What an exchange raises that brings no answer; http.client knows bad lengths as ValueError.
NO_ANSWER = (http.client.HTTPException, OSError, EOFError, ValueError)
# Of a foreign text in a message.
SHOWN = 200
_CHUNK = 64 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Endpoint:
    """Where a registry is reached, in the words that its clients use for it."""

    host: str
    port: int = 80
    scheme: str = "http"

    @property
    def authority(self) -> str:
        """`host`, or `host:port` where the port is not the scheme's own."""
        return self.host if self.port == _DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.url

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True)
class Head:
    """How an HTTP answer begins; `headers` as they came, so that one sent twice is there twice."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def value(self, name: str) -> str:
        """The header's first value, or the empty string."""
        return next(iter(self.values(name)), "")


@dataclass(frozen=True)
class Response(Head):
    """An HTTP answer, read whole."""

    body: bytes


@dataclass(frozen=True)
class Arrival(Head):
    """An HTTP answer whose body comes in `pieces`; they raise RegistryError where it breaks off."""

    pieces: Iterator[bytes]


class HttpTransport:
    """One kept-alive HTTP connection; `open_stream` makes a stream to the endpoint.

    `seconds` is what a request with its answer may take, apart from a long body. `context` judges
    the certificate; without one it is not judged.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        open_stream: Callable[[], Stream] | None = None,
        seconds: float = SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.endpoint, self.seconds = endpoint, seconds
        self._connection = _Connection(endpoint, open_stream or (lambda: dial(endpoint.host, endpoint.port)), context)
        self._is_used = False

    def send(self, method: str, path: str, body: Body, headers: Mapping[str, str], seconds: float = HOUR) -> Response:
        """Ask once; a kept connection that the other side has closed meanwhile is opened again.

        RegistryError for what is no answer, or comes too late; `seconds` is the caller's own limit.
        """
        size = sum(map(len, body)) if isinstance(body, tuple) else len(body or b"")
        self._connection.bounds.begin(min(seconds, self.seconds + size / SLOWEST))
        return self._begin(lambda: self._exchange(method, path, body, headers))

    @contextmanager
    def receive(self, path: str, headers: Mapping[str, str], most: int) -> Iterator[Arrival]:
        """GET up to `most` bytes, read piece by piece; within the `with` nothing else is asked."""
        connection = self._connection
        connection.bounds.begin(self.seconds)
        answer = self._begin(lambda: self._ask("GET", path, None, headers))
        self._is_used = True
        try:
            yield Arrival(answer.status, tuple(answer.getheaders()), self._read(answer, most))
        finally:
            connection.bounds.idle, connection.bounds.slowest = None, 0
            self._clear(answer)

    def close(self) -> None:
        self._connection.abandon()

    def _begin(self, exchange: Callable[[], Answer]) -> Answer:
        try:
            return exchange()
        except NO_ANSWER as error:
            self._connection.abandon()
            if not (self._is_used and isinstance(error, ConnectionError)):
                raise self._explain(error) from error
        self._is_used = False
        try:
            return exchange()
        except NO_ANSWER as error:
            self._connection.abandon()
            raise self._explain(error) from error

    def _ask(self, method: str, path: str, body: Body, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        connection = self._connection
        connection.bounds.allow(MOST_HEAD)
        connection.request(method, path, body=body, headers=dict(headers))
        return connection.getresponse()

    def _exchange(self, method: str, path: str, body: Body, headers: Mapping[str, str]) -> Response:
        answer = self._ask(method, path, body, headers)
        content = read_whole(answer, self._connection.bounds, MOST_BODY)
        self._is_used = True
        return Response(answer.status, tuple(answer.getheaders()), content)

    def _read(self, answer: http.client.HTTPResponse, most: int) -> Iterator[bytes]:
        bounds = self._connection.bounds
        bounds.idle, bounds.slowest = IDLE, TRICKLE
        bounds.begin(None, most + most // 8 + BLOCK)  # with what chunks are framed by
        try:
            yield from iter(lambda: answer.read(_CHUNK), b"")
            if answer.length:
                raise EOFError(f"the answer ended {answer.length} bytes too early")
        except NO_ANSWER as error:
            self._connection.abandon()
            raise self._explain(error) from error

    def _clear(self, answer: http.client.HTTPResponse) -> None:
        """Read a short rest before the next request; a long one ends the connection."""
        try:
            if not answer.isclosed() and answer.length is not None and answer.length <= _CHUNK:
                self._connection.bounds.begin(self.seconds)
                answer.read(answer.length)
        except NO_ANSWER:
            pass  # as long as it would have been
        if not answer.isclosed():
            self._connection.abandon()

    def _explain(self, error: Exception) -> RegistryError:
        url = self.endpoint.url
        if isinstance(error, ssl.SSLError):
            return RegistryError("TLS", f"{url}: TLS failed: {error}")
        if isinstance(error, TooMuch):
            return RegistryError("HTTP", f"{url}: the answer is too long: {error}")
        if isinstance(error, (http.client.HTTPException, EOFError, ValueError)):
            return RegistryError("HTTP", f"{url}: no HTTP answer: {shorten(str(error)) or repr(error)}")
        is_late = isinstance(error, TimeoutError) and self._connection.is_open
        return RegistryError("HTTP" if is_late else "TCP", f"{url}: {error}")


class _Connection(http.client.HTTPConnection):
    """http.client over our stream: TLS, too, is ours, since a channel is not a socket."""

    def __init__(
        self, endpoint: Endpoint, open_stream: Callable[[], Stream], context: ssl.SSLContext | None = None
    ) -> None:
        # Read by http.client when it writes the Host header.
        self.default_port = _DEFAULT_PORTS[endpoint.scheme]
        super().__init__(endpoint.host, endpoint.port)
        self._endpoint, self._open_stream, self._context = endpoint, open_stream, context or _unjudging()
        self._stream: Stream | None = None
        self.bounds = Bounds()
        self.is_open = False

    def connect(self) -> None:
        self.is_open = False
        self._stream = stream = self._open_stream()
        plain = stream if isinstance(stream, socket.socket) else join_socket(stream)
        is_secure = self._endpoint.scheme == "https"
        self.sock: Any = BoundedSocket(self._secure(plain) if is_secure else plain, self.bounds)
        if is_secure:
            self._shake_hands()
        self.is_open = True

    def abandon(self) -> None:
        """Close it for good, the stream too, which may be stuck in the middle of something."""
        self.close()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _shake_hands(self) -> None:
        try:
            self.sock.shake_hands()
        except TimeoutError as error:
            raise ssl.SSLError(0, str(error)) from None

    def _secure(self, plain: socket.socket) -> ssl.SSLSocket:
        return self._context.wrap_socket(plain, server_hostname=self._endpoint.host, do_handshake_on_connect=False)


def _unjudging() -> ssl.SSLContext:
    """For a server of ours: its stream ends inside the server's own authenticated SSH connection.

    Whether the certificate is good is for the clients to say, who have the CA.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def shorten(text: str, most: int = SHOWN) -> str:
    """A foreign text as a part of a sentence."""
    words = " ".join(text[: most * 2].split())
    return words if len(words) <= most else words[:most] + "…"
