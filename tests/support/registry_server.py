"""A registry in memory behind a real HTTP server on loopback: enough of the API to be
pushed to and asked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mooring.registry.transport import Endpoint
from tests.support.serving import serving

VERSION = ("Docker-Distribution-Api-Version", "registry/2.0")


class RegistryServer(ThreadingHTTPServer):
    """Holds what was pushed; the switches make it answer wrongly in ways that
    were seen in the wild."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.requests: list[str] = []
        self.version_headers = [VERSION]
        self.location_origin = ""
        self.allows_delete = True
        self.gateway_error = 0
        self.upload_error = 0
        self.hangs_up_after = 0

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RegistryServer

    def log_message(self, *args: Any) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*self.server.version_headers, *headers):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if self.server.hangs_up_after and len(self.server.requests) % self.server.hangs_up_after == 0:
            self.close_connection = True

    def refuse(self, status: int, code: str) -> None:
        errors = {"errors": [{"code": code, "message": code.lower()}]}
        self.answer(status, json.dumps(errors).encode())

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(f"{self.command} {self.path}")
        if self.server.gateway_error:
            self.server.version_headers = []
            return self.answer(self.server.gateway_error, b"<h1>Bad Gateway</h1>")
        parts = urlsplit(self.path)
        for pattern, name in ROUTES:
            if match := re.fullmatch(pattern, parts.path):
                return getattr(self, name)(*match.groups(), body=body, query=parse_qs(parts.query))
        return self.refuse(404, "NOT_FOUND")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def base(self, **_: Any) -> None:
        self.answer(200, b"{}")

    def catalog(self, query: dict[str, list[str]], **_: Any) -> None:
        names = sorted({name for name, _ in self.server.manifests})
        size, last = int(query.get("n", ["100"])[0]), query.get("last", [""])[0]
        page = [name for name in names if name > last][:size]
        more = page and page[-1] != names[-1]
        link = [("Link", f'</v2/_catalog?last={page[-1]}&n={size}>; rel="next"')] if more else []
        self.answer(200, json.dumps({"repositories": page}).encode(), *link)

    def tags(self, name: str, **_: Any) -> None:
        tags = [ref for repo, ref in self.server.manifests if repo == name and ":" not in ref]
        if not tags:
            return self.refuse(404, "NAME_UNKNOWN")
        return self.answer(200, json.dumps({"name": name, "tags": tags}).encode())

    def blob(self, _name: str, digest: str, **_: Any) -> None:
        blob = self.server.blobs.get(digest)
        self.refuse(404, "BLOB_UNKNOWN") if blob is None else self.answer(200, blob)

    def upload(self, name: str, number: str, body: bytes, query: dict[str, list[str]]) -> None:
        if self.server.upload_error:
            return self.refuse(self.server.upload_error, "UNKNOWN")
        number = number or str(len(self.server.uploads))
        content = self.server.uploads[number] = self.server.uploads.get(number, b"") + body
        where = f"{self.server.location_origin}/v2/{name}/blobs/uploads/{number}?_state=a%2Bb%3D"
        if self.command != "PUT":
            return self.answer(202, b"", ("Location", where))
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        if query["digest"] != [digest] or query["_state"] != ["a+b="]:
            return self.refuse(400, "DIGEST_INVALID")
        self.server.blobs[digest] = content
        return self.answer(201)

    def manifest(self, name: str, reference: str, body: bytes, **_: Any) -> None:
        if self.command == "PUT":
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            for key in (reference, digest):
                self.server.manifests[name, key] = (self.headers["Content-Type"], body)
            return self.answer(201, b"", ("Docker-Content-Digest", digest))
        manifest = self.server.manifests.get((name, reference))
        if manifest is None:
            return self.refuse(404, "MANIFEST_UNKNOWN")
        if self.command == "DELETE":
            return self.forget(name, manifest)
        digest = "sha256:" + hashlib.sha256(manifest[1]).hexdigest()
        return self.answer(200, manifest[1], ("Docker-Content-Digest", digest), ("Content-Type", manifest[0]))

    def forget(self, name: str, manifest: tuple[str, bytes]) -> None:
        if not self.server.allows_delete:
            return self.refuse(405, "UNSUPPORTED")
        for key in [key for key, value in self.server.manifests.items() if key[0] == name and value == manifest]:
            del self.server.manifests[key]
        return self.answer(202)


ROUTES = (
    (r"/v2/", "base"),
    (r"/v2/_catalog", "catalog"),
    (r"/v2/(.+)/tags/list", "tags"),
    (r"/v2/(.+)/manifests/([^/]+)", "manifest"),
    (r"/v2/(.+)/blobs/uploads/([^/]*)", "upload"),
    (r"/v2/(.+)/blobs/(sha256:[0-9a-f]+)", "blob"),
)


@contextmanager
def serve_registry() -> Iterator[RegistryServer]:
    with serving(RegistryServer()) as server:
        yield server
