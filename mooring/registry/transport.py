"""HTTP to a registry over any byte stream: a socket of ours, or a channel of an SSH connection."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mooring.connection.process import Stream
from mooring.errors import RegistryError

TIMEOUT = 60.0
# What a request carries: bytes whose length is told before, or parts that are sent in chunks.
Body = bytes | tuple[bytes, ...] | None
_CHUNK = 64 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Endpoint:
    """Where a registry is reached, in the words that its clients use for it."""

    host: str
    port: int = 80
    scheme: str = "http"

    @property
    def authority(self) -> str:
        """`host`, or `host:port` where the port is not the scheme's own, as in Host and in image names."""
        return self.host if self.port == _DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.url

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True)
class Response:
    """An HTTP answer, read whole; `headers` as they came, so that one sent twice is there twice."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def value(self, name: str) -> str:
        """The header's first value, or the empty string."""
        return next(iter(self.values(name)), "")


class HttpTransport:
    """One kept-alive HTTP connection; `open_stream` makes a stream to the endpoint when one is needed."""

    def __init__(self, endpoint: Endpoint, open_stream: Callable[[], Stream] | None = None) -> None:
        self.endpoint = endpoint
        self._connection = _Connection(endpoint, open_stream or (lambda: _dial(endpoint)))
        self._is_used = False

    def send(self, method: str, path: str, body: Body, headers: Mapping[str, str]) -> Response:
        """Ask once; a kept connection that the other side has closed meanwhile is opened again."""
        try:
            return self._exchange(method, path, body, headers)
        except (ConnectionError, http.client.HTTPException, OSError) as error:
            self._connection.close()
            if not (self._is_used and isinstance(error, ConnectionError)):
                raise self._explain(error) from error
        self._is_used = False
        try:
            return self._exchange(method, path, body, headers)
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            raise self._explain(error) from error

    def close(self) -> None:
        self._connection.close()

    def _exchange(self, method: str, path: str, body: Body, headers: Mapping[str, str]) -> Response:
        self._connection.request(method, path, body=body, headers=dict(headers))
        answer = self._connection.getresponse()
        response = Response(answer.status, tuple(answer.getheaders()), answer.read())
        self._is_used = True
        return response

    def _explain(self, error: Exception) -> RegistryError:
        if isinstance(error, ssl.SSLError):
            return RegistryError("TLS", f"{self.endpoint.url}: TLS failed: {error}")
        if isinstance(error, http.client.HTTPException):
            return RegistryError("HTTP", f"{self.endpoint.url}: no HTTP answer: {error!r}")
        return RegistryError("TCP", f"{self.endpoint.url}: {error}")


class _Connection(http.client.HTTPConnection):
    """http.client over our stream: TLS, too, is ours, since a channel is no socket."""

    def __init__(self, endpoint: Endpoint, open_stream: Callable[[], Stream]) -> None:
        # Read by http.client when it writes the Host header.
        self.default_port = _DEFAULT_PORTS[endpoint.scheme]
        super().__init__(endpoint.host, endpoint.port, timeout=TIMEOUT)
        self._endpoint, self._open_stream = endpoint, open_stream

    def connect(self) -> None:
        stream = self._open_stream()
        plain = stream if isinstance(stream, socket.socket) else join_socket(stream)
        plain.settimeout(TIMEOUT)
        self.sock = self._secure(plain) if self._endpoint.scheme == "https" else plain

    def _secure(self, plain: socket.socket) -> ssl.SSLSocket:
        # The certificate is not judged here: the stream ends inside the server's own authenticated SSH
        # connection, and whether the certificate is good is for the clients to say, who have the CA.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(plain, server_hostname=self._endpoint.host)


def _dial(endpoint: Endpoint) -> socket.socket:
    connection = socket.create_connection((endpoint.host, endpoint.port), timeout=TIMEOUT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def join_socket(stream: Stream) -> socket.socket:
    """A real socket whose other end is `stream`; two threads carry the bytes and end with it.

    http.client and ssl both want a socket that outlives its `close` while a response is being read.
    """
    ours, theirs = socket.socketpair()
    for source, target in ((theirs, stream), (stream, theirs)):
        threading.Thread(target=_carry, args=(source, target), daemon=True).start()
    return ours


def _carry(source: Stream, target: Stream) -> None:
    try:
        while data := source.recv(_CHUNK):
            target.sendall(data)
    except OSError:
        pass  # either side is gone: the reader of the other one sees its end
    finally:
        source.close()
        target.close()
