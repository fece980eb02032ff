"""A Docker engine made of canned answers on a Unix socket, for what a real one cannot be made to
say at will."""

from __future__ import annotations

import contextlib
import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

Answer = tuple[int, Any]


@dataclass
class FakeEngine:
    """Answers by "METHOD /path" without the version's prefix: (status, object), a list of
    them, or a function.

    The last of a list stays. An object that is a list is a stream of messages. `asked` has the
    requests in order, `bodies` what they carried.
    """

    address: str
    answers: dict[str, Any]
    requests: list[str] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        path = target.partition("?")[0]
        path = path if path == "/version" else re.sub(r"^/v[0-9.]+", "", path)
        key = f"{method} {path}"
        self.requests.append(f"{method} {target}")
        self.bodies[key] = body
        answer: Any = self.answers.get(key, (404, {"message": f"no answer to {key}"}))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer(body) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]

    def changes(self) -> list[str]:
        """The requests that change something."""
        return [request for request in self.requests if not request.startswith("GET")]


class Handler(BaseHTTPRequestHandler):
    """One connection; `server.engine` knows the answers."""

    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        engine: FakeEngine = self.server.engine  # type: ignore[attr-defined]
        status, answer = engine.answer(self.command, self.path, self.read_body())
        lines = answer if isinstance(answer, list) else [answer]
        data = b"".join(json.dumps(line).encode() + b"\r\n" for line in lines if line is not None)
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = handle_any

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while length := int(self.rfile.readline(), 16):
            body += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextlib.contextmanager
def fake_engine(folder: Path, answers: dict[str, Any], api: str = "1.41", oldest: str = "1.12") -> Iterator[FakeEngine]:
    """An engine at a socket in `folder` while the block runs."""
    path = folder / "docker.sock"
    known = {"GET /version": (200, {"ApiVersion": api, "MinAPIVersion": oldest, "Version": "20.10"})}
    engine = FakeEngine(f"unix://{path}", {**known, **answers})
    with Server(str(path), Handler) as server:
        server.engine = engine  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield engine
        finally:
            server.shutdown()
            thread.join()
