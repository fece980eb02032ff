"""A registry behind a proxy on loopback that keeps nginx's rules, or breaks the one
that a test names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.serving import serving

NAME = "registry.example.com"
VERSION = "Docker-Distribution-Api-Version"


class NginxServer(ThreadingHTTPServer):
    """`faults` are rules that it does not keep; `uploads` are those begun and not cancelled, with
    their sizes."""

    def __init__(self, *faults: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults = set(faults)
        self.uploads: dict[str, int] = {}
        self.count = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: NginxServer

    def log_message(self, *args: Any) -> None:
        pass

    def answer(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        times = 2 if "version twice" in self.server.faults else 1
        if status == 404 and "version not on errors" in self.server.faults:
            times = 0
        for name, value in (*headers, *[(VERSION, "registry/2.0")] * times):
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def handle_any(self) -> None:
        size, faults = self.read_body(), self.server.faults
        if "502" in faults:
            return self.answer(502)
        if self.path.startswith("/v1/"):
            return self.answer(200 if "v1" in faults else 404)
        host = self.headers["Host"].partition(":")[0]
        if host != NAME and "other names" not in faults:
            return self.answer(421)
        if self.command == "DELETE" and "/uploads/" not in self.path and "delete" not in faults:
            return self.answer(405)
        if self.path == "/v2/":
            return self.answer(401 if "login" in faults else 200)
        if "/blobs/uploads/" not in self.path:
            return self.answer(404)
        return self.upload(size)

    def upload(self, size: int) -> None:
        name = self.path.partition("?")[0].rpartition("/")[2]
        if self.command == "POST":
            if "login" in self.server.faults:
                return self.answer(401)
            self.server.count += 1
            name = f"upload-{self.server.count}"
            self.server.uploads[name] = 0
        elif name not in self.server.uploads:
            return self.answer(404)
        elif self.command == "DELETE":
            del self.server.uploads[name]
            return self.answer(204)
        elif self.command == "GET":
            return self.answer(204)
        if "body size" in self.server.faults and size > 1024 * 1024:
            return self.answer(413)
        self.server.uploads[name] += size
        return self.answer(202, ("Location", f"{self.origin()}/v2/x/blobs/uploads/{name}?_state=a%2Bb"))

    def origin(self) -> str:
        faults, host = self.server.faults, self.headers["Host"]
        if "relative" in faults:
            return ""
        if "forwarded" in faults and self.headers["Forwarded"]:
            return "https://" + self.headers["Forwarded"].partition("host=")[2].partition(";")[0]
        if "echo" not in faults:
            host = host.partition("@")[0]
        scheme = "http"
        if "forwarded scheme" in faults:
            scheme = self.headers["X-Forwarded-Proto"] or scheme
        return f"{scheme}://{host.partition(':')[0] if 'port' in faults else host}"

    def read_body(self) -> int:
        if self.headers["Transfer-Encoding"] != "chunked":
            return len(self.rfile.read(int(self.headers["Content-Length"] or 0)))
        total = 0
        while size := int(self.rfile.readline(), 16):
            total += len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return total

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any


@contextmanager
def serve_nginx(*faults: str) -> Iterator[NginxServer]:
    with serving(NginxServer(*faults)) as server:
        yield server
