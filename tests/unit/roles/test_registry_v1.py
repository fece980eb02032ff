"""nginx lets old Docker, and nobody else, through to the V1 registry: the real program with the
role's template."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.local_nginx import run_nginx
from tests.support.nginx_template import render
from tests.support.serving import serving

NAME = "registry.example.com"
REST = "go/go1.3.3 git-commit/a8a31ef kernel/3.10.0 os/linux arch/amd64"
OLD = f"docker/1.5.0 {REST}"


class Backend(BaseHTTPRequestHandler):
    """Answers as the V1 registry does, with the Host that reached it."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-Docker-Endpoints", self.headers["Host"])
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"v1")


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx that sends /v1/ to Backend."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Backend)) as server:
        backends = {"mooring-registry-v1:5000": f"127.0.0.1:{server.server_address[1]}"}
        text = render(registry_v1_enabled=True)
        with run_nginx(tmp_path_factory.mktemp("nginx"), text, backends) as url:
            yield url


def ask(url: str, agent: str | None, method: str = "GET", path: str = "/v1/_ping") -> HTTPResponse:
    connection = HTTPConnection(url.partition("//")[2], timeout=20)
    headers = {"Host": f"{NAME}:80", "Connection": "close", **({"User-Agent": agent} if agent is not None else {})}
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer


@pytest.mark.parametrize("agent", ["docker/0.9.1", f"docker/0.11.1 {REST}", "docker/1.5.0", OLD, "docker/1.5.0-dev"])
def test_old_docker_reaches_it(nginx: str, agent: str) -> None:
    answer = ask(nginx, agent)
    assert (answer.status, answer.getheader("X-Docker-Endpoints")) == (200, f"{NAME}:80")
    assert answer.getheader("Docker-Distribution-Api-Version") is None


@pytest.mark.parametrize(
    "agent",
    [
        "docker/1.6.0", "docker/1.10.3", "docker/1.12.6", "docker/1.13.1", "docker/17.11.0-ce", "docker/20.10.24",
        f"docker/1.6.0 {REST}", "docker/1.50.0", "docker/10.0.0", "Docker/1.5.0", None, "", "docker/", "docker/1.5",
        "curl/8.0 docker/1.5.0", "Mozilla/5.0 (docker/0.9.1)", " xdocker/1.5.0",
    ],
)  # fmt: skip
def test_everybody_else_is_told_that_there_is_none(nginx: str, agent: str | None) -> None:
    for path in ("/v1/_ping", "/v1/images/x/layer", "//v1/_ping", "/v2/../v1/_ping"):
        assert ask(nginx, agent, path=path).status == 404


def test_nobody_pushes_through_nginx(nginx: str) -> None:
    for method in ("PUT", "POST", "PATCH", "DELETE"):
        assert ask(nginx, OLD, method, "/v1/repositories/team/app/").status == 405
    assert ask(nginx, "docker/20.10.24", "PUT", "/v1/repositories/team/app/").status == 404


def test_without_it_old_docker_gets_404_too(tmp_path: Path) -> None:
    with run_nginx(tmp_path, render(), {}) as url:
        assert ask(url, OLD).status == 404
