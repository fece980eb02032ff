"""The hub on the wire: HTTP and TLS, one thread a connection, and what the knobs do to
answers on their way."""

from __future__ import annotations

import socket
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lab.hub.hosts import Hub, answer_in_trouble
from lab.hub.knobs import KnobError, KnobFile, Knobs
from lab.hub.log import RequestLog, describe
from lab.hub.messages import Answer, Request, refuse
from lab.hub.transfer import BrokenOff, send_body

_WAITING_AT_MOST = 256 * 1024
_FORM_AT_MOST = 64 * 1024


class Server(ThreadingHTTPServer):
    """One thread for each connection; a TLS handshake happens in it, so that no client
    can hold up others."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], log: RequestLog, knobs: KnobFile, tls: ssl.SSLContext | None) -> None:
        super().__init__(address, _Handler)
        self.log, self.knobs, self.tls = log, knobs, tls
        self.hub: Hub
        """Needs to know the port that this listens on."""

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection."""
        connection, address = super().get_request()
        # The log shall count what has gone to the client, and not megabytes that wait here.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _WAITING_AT_MOST)
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or trusts another authority, is one line; our own mistakes come
        with a trace."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            sys.stderr.write(f"{client_address[0]}: {error}\n")
        else:
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "MooringLabHub"
    disable_nagle_algorithm = True
    timeout = 300
    server: Server

    def log_message(self, *words: Any) -> None:
        """There is a log of our own."""

    def handle_any(self) -> None:
        """One request."""
        began = time.monotonic()
        request = self._read()
        try:
            knobs, edition = self.server.knobs.read()
        except KnobError as error:
            sys.stderr.write(f"{self.server.knobs.path}: {error}\n")
            self._send(request, refuse(500, "KNOBS", f"{self.server.knobs.path}: {error}"), Knobs(), began)
            return
        if not knobs.is_troubled(request.method, request.host, request.path):
            self._send(request, self.server.hub.answer(request, knobs, edition), Knobs(), began)
            return
        time.sleep(knobs.delay)
        troubled = knobs.answer is not None
        answer = answer_in_trouble(knobs) if troubled else self.server.hub.answer(request, knobs, edition)
        self._send(request, answer, knobs, began)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def _read(self) -> Request:
        length, body = self.headers.get("Content-Length", "0"), b""
        if length.isdecimal() and int(length) <= _FORM_AT_MOST and "Transfer-Encoding" not in self.headers:
            body = self.rfile.read(int(length))
        else:
            # Nobody may push, so nobody reads what is pushed.
            self.close_connection = True
        host = self.headers.get("Host", "").lower()
        return Request(self.command, host, self.path, self.headers, self.client_address[0], body)

    def _send(self, request: Request, answer: Answer, knobs: Knobs, began: float) -> None:
        """KNOBS are those that hold for the way back: `slow` and `drop_after`."""

        def log(sent: int, is_complete: bool) -> None:
            self.server.log.write(describe(request, answer, began, sent, is_complete))

        try:
            if knobs.drop_after == 0:
                raise BrokenOff(0)
            if request.method == "HEAD" or not answer.size:
                log(0, True)
                self._send_head(answer)
            else:
                self._send_head(answer)
                send_body(answer, self.wfile.write, lambda: log(answer.size, True), knobs.slow, knobs.drop_after)
        except BrokenOff as error:
            self.close_connection = True
            log(error.sent, False)
        finally:
            if answer.stream:
                answer.stream.close()

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(answer.size))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
