"""Requests to the lab's nginx byte by byte, as no HTTP library would send them."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

from lab_hosts import LookedAt

NAME = "registry.example.com"
PATIENCE = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back until the connection was closed; `status` is 0 where nothing did."""

    text: str

    @property
    def status(self) -> int:
        words = self.text.split(None, 2)
        return int(words[1]) if self.text.startswith("HTTP/") else 0

    def header(self, name: str) -> str:
        head = self.text.partition("\r\n\r\n")[0]
        pairs = [line.partition(": ") for line in head.split("\r\n")[1:]]
        return next((value for key, _, value in pairs if key.lower() == name.lower()), "")

    @property
    def body(self) -> str:
        return self.text.partition("\r\n\r\n")[2]


def connect(server: LookedAt, port: int = 80, buffer: int = 0) -> socket.socket:
    """A connection, of which the kernels keep little under way where a BUFFER in bytes is told."""
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(PATIENCE)
    connection.connect((server.host.address, port))
    return connection


def secure(connection: socket.socket, name: str | None) -> ssl.SSLSocket:
    """TLS that asks for NAME, or for none, and trusts anybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname=name)


def read_answer(connection: socket.socket) -> Answer:
    """All that comes; a reset is an end too."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return Answer(b"".join(parts).decode("latin-1"))


def ask(server: LookedAt, request: str, *headers: str, version: str = "1.1") -> Answer:
    """One request without a body, such as "GET /v2/"."""
    lines = [f"{request} HTTP/{version}", *headers, "Connection: close"]
    if request.startswith(("POST", "PUT")):
        lines.append("Content-Length: 0")
    with connect(server) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return read_answer(connection)


def begin_upload(server: LookedAt, *headers: str, target: str = "") -> str:
    """Where an upload goes on; it is cancelled at once, through the same nginx."""
    answer = ask(server, f"POST {target}/v2/nginx-drill/blobs/uploads/", *headers)
    assert answer.status == 202, answer
    location = answer.header("Location")
    path = location[location.index("/v2/") :]
    assert ask(server, f"DELETE {path}", f"Host: {NAME}").status == 204
    return location.partition("/v2/")[0]
