"""Chapter 20: nginx in front of the registry: names that are not its own, and deleting."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from invocations import invoke, provision, succeed
from lab_hosts import LookedAt, until
from nginx_requests import NAME, ask, begin_upload, connect, read_answer, secure

EVIL = "evil.example.net"
UNKNOWN = f"/v2/nginx-drill/manifests/sha256:{'0' * 64}"
STORAGE = "/var/lib/registry/docker/registry/v2/repositories"


@pytest.fixture(scope="module", autouse=True)
def tidied(server: LookedAt) -> Iterator[None]:
    yield
    server.run(f"rm -rf {STORAGE}/nginx-drill {STORAGE}/nginx-drill-*")


@pytest.mark.parametrize(
    ("host", "authority"),
    [
        (NAME, NAME),
        (f"docker.{NAME}", f"docker.{NAME}"),
        (f"{NAME}:80", f"{NAME}:80"),
        (f"{NAME}:5443", f"{NAME}:5443"),
        ("Registry.Example.COM", "Registry.Example.COM"),
        (f"{NAME}.:80", f"{NAME}:80"),
        ("172.29.141.10", "172.29.141.10"),
        ("127.0.0.1:5080", "127.0.0.1:5080"),
        ("localhost", "localhost"),
        ("[::1]:80", "[::1]:80"),
    ],
)
def test_names_that_are_the_registrys(server: LookedAt, host: str, authority: str) -> None:
    assert begin_upload(server, f"Host: {host}") == f"http://{authority}"


@pytest.mark.parametrize(
    ("request_line", "headers", "version", "status"),
    [
        ("POST /v2/nginx-drill/blobs/uploads/", [f"Host: {EVIL}"], "1.1", 421),
        ("POST /v2/nginx-drill/blobs/uploads/", [f"Host: {NAME}@{EVIL}"], "1.1", 421),
        ("POST /v2/nginx-drill/blobs/uploads/", [f"Host: {NAME}.{EVIL}"], "1.1", 421),
        ("POST /v2/nginx-drill/blobs/uploads/", ["Host: 192.0.2.66"], "1.1", 421),
        (f"POST http://{EVIL}/v2/nginx-drill/blobs/uploads/", [f"Host: {NAME}"], "1.1", 421),
        ("POST /v2/nginx-drill/blobs/uploads/", [], "1.0", 421),
        ("POST /v2/nginx-drill/blobs/uploads/", [], "1.1", 400),
        ("POST /v2/nginx-drill/blobs/uploads/", [f"Host: {NAME}", f"Host: {EVIL}"], "1.1", 400),
        ("GET /", [f"Host: {EVIL}"], "1.1", 421),
        ("DELETE /v1/", [f"Host: {EVIL}"], "1.1", 421),
    ],
)
def test_names_that_are_not(server: LookedAt, request_line: str, headers: list[str], version: str, status: int) -> None:
    answer = ask(server, request_line, *headers, version=version)
    assert answer.status == status, answer
    assert EVIL not in answer.text
    if status == 421:
        [error] = json.loads(answer.body)["errors"]
        assert error["code"] == "NAME_UNKNOWN"
        assert NAME in error["message"]


@pytest.mark.parametrize(
    ("headers", "target"),
    [
        ([f"Host: {NAME}:80@{EVIL}"], ""),
        ([f"Host: {NAME}:80{EVIL}"], ""),
        ([f"Host: {EVIL}:99"], f"http://{NAME}"),
        ([f"Host: {NAME}", f"Forwarded: host={EVIL};proto=https"], ""),
        ([f"Host: {NAME}", f"X-Forwarded-Host: {EVIL}", "X-Forwarded-Proto: https", "X-Forwarded-Port: 99"], ""),
        ([f"Host: {NAME}", f"X-Original-URL: http://{EVIL}/", f"X-Host: {EVIL}", "X-Forwarded-Scheme: https"], ""),
    ],
)
def test_nothing_that_a_client_makes_up_comes_back(server: LookedAt, headers: list[str], target: str) -> None:
    assert begin_upload(server, *headers, target=target) == f"http://{NAME}"


def test_a_client_cannot_forge_its_address_in_the_registrys_log(server: LookedAt) -> None:
    mark = secrets.token_hex(6)
    ask(server, f"GET /v2/{mark}/tags/list", f"Host: {NAME}", "X-Forwarded-For: 192.0.2.66", "X-Real-IP: 192.0.2.66")
    until(lambda: mark in server.run("docker logs mooring-registry 2>&1"), "the registry has logged it")
    lines = server.lines(f"docker logs mooring-registry 2>&1 | grep {mark}")
    assert not [line for line in lines if "192.0.2.66" in line]


@pytest.fixture
def wrong_name(server: LookedAt, client_debian: LookedAt) -> Iterator[str]:
    """client-debian believes that the registry has this name, and asks it by plain HTTP."""
    name, file = "wrong.example.com", "/etc/docker/daemon.json"
    client_debian.run(f"cp -p {file} /etc/hosts /root && echo {server.host.address} {name} >> /etc/hosts")
    client_debian.run(f'sed -i \'s/"insecure-registries": *\\[/&"{name}", /\' {file} && systemctl reload docker')
    until(lambda: name in client_debian.run("docker info"), "docker has the name")
    yield name
    client_debian.run(f"cp -p /root/daemon.json {file}; cat /root/hosts > /etc/hosts; systemctl reload docker")
    until(lambda: name not in client_debian.run("docker info"), "docker has forgotten the name")


def test_a_docker_with_a_wrong_name_shows_the_sentence(wrong_name: str, client_debian: LookedAt) -> None:
    sentence = f"is not known by the name it was asked by, but by {NAME}"
    pull = f"timeout 60 docker pull {wrong_name}/hello:1 2>&1 || true"
    # Programs in Go look into /etc/hosts every five seconds.
    until(lambda: sentence in client_debian.run(pull), "docker says the sentence")


@pytest.fixture
def image(server: LookedAt, client_debian: LookedAt) -> Iterator[tuple[str, str]]:
    """An image that client-debian has pushed: its repository and its digest."""
    repository = f"nginx-drill-{secrets.token_hex(4)}"
    name = f"{NAME}/{repository}:1"
    client_debian.run(f"head -c 20000 /dev/urandom > /root/r && tar -C /root -c r | docker import - {name}")
    client_debian.run(f"docker push {name}")
    yield repository, client_debian.digest_of(name)
    client_debian.run(f"docker rmi -f {name}; rm -f /root/r")


def test_nobody_deletes_from_outside_and_the_server_does(
    image: tuple[str, str], server: LookedAt, client_debian: LookedAt
) -> None:
    repository, digest = image
    path, host = f"/v2/{repository}/manifests/{digest}", f"Host: {NAME}"
    output = client_debian.run(f"curl -sS -X DELETE http://{NAME}{path}")
    assert json.loads(output)["errors"][0]["code"] == "UNSUPPORTED"
    refused = ask(server, f"DELETE {path}", host)
    assert (refused.status, refused.header("Allow")) == (405, "GET, HEAD, POST, PATCH, PUT")
    ways = [
        f"DELETE http://{NAME}{path}",
        f"DELETE {path}?/blobs/uploads/u",
        f"DELETE {path}#/../../blobs/uploads/u",
        f"DELETE {path}/%2e%2e/%2e%2e/blobs/uploads/u",
        f"DELETE /v2/{repository}/blobs/uploads/../../manifests/{digest}",
        f"DELETE /v2/{repository}/blobs/uploads/u%2f..%2f..%2f..%2fmanifests/{digest}",
        f"DELETE //v2/{repository}/manifests/{digest}",
    ]
    assert {way: ask(server, way, host).status for way in ways} == dict.fromkeys(ways, 405)
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert ask(server, f"POST {path}", host, f"{name}: DELETE").status == 405
    client_debian.run(f"docker rmi {NAME}/{repository}:1 && docker pull {NAME}/{repository}:1")
    deleted = server.run(f"curl -sS -o /dev/null -w '%{{http_code}}' -X DELETE http://127.0.0.1:5000{path}")
    assert deleted == "202"
    assert ask(server, f"GET {path}", host).status == 404


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "CONNECT", "PROPFIND", "PURGE"])
def test_other_methods_are_closed(server: LookedAt, method: str) -> None:
    assert ask(server, f"{method} {UNKNOWN}", f"Host: {NAME}").status in (400, 405)


@pytest.fixture
def opened(server: LookedAt) -> Iterator[None]:
    succeed(provision("server", "-e", "nginx_serve_other_names=true", "-e", "nginx_allow_delete=true"))
    until(lambda: ask(server, "GET /v2/", f"Host: {EVIL}").status == 200, "nginx has the new configuration")
    yield
    succeed(provision("server"))
    until(lambda: ask(server, "GET /v2/", f"Host: {EVIL}").status == 421, "nginx has the old configuration")


def test_both_can_be_opened(server: LookedAt, opened: None) -> None:
    assert begin_upload(server, f"Host: {EVIL}:5000") == f"http://{EVIL}:5000"
    assert ask(server, f"DELETE {UNKNOWN}", f"Host: {NAME}").status == 404
    assert begin_upload(server, f"Host: {NAME}:80@{EVIL}") == f"http://{NAME}"


@pytest.fixture
def with_tls(server: LookedAt, tmp_path: Path) -> Iterator[None]:
    """nginx with a certificate of the registry's name."""
    key, certificate = tmp_path / "nginx.key", tmp_path / "nginx.crt"
    words = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={NAME} -keyout {key} -out {certificate} -addext"
    names = f"subjectAltName=DNS:{NAME},DNS:docker.{NAME}"
    subprocess.run(["openssl", *words.split(), names], check=True, capture_output=True)
    extra = {"nginx_tls_certificate": str(certificate), "nginx_tls_key": str(key)}
    succeed(provision("server", "-e", json.dumps(extra)))
    yield
    succeed(provision("server"))


def test_names_over_tls(server: LookedAt, with_tls: None) -> None:
    """TLS comes about for any name that is told before, or for none; what counts is Host."""
    statuses = {
        (NAME, NAME): 200,
        ("", "172.29.141.10"): 200,
        (EVIL, NAME): 200,
        (NAME, EVIL): 421,
        (EVIL, EVIL): 421,
        ("", EVIL): 421,
    }
    for (name, host), status in statuses.items():
        with secure(connect(server, 443), name or None) as connection:
            connection.sendall(f"GET /v2/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = read_answer(connection)
        assert answer.status == status, (name, host)
        assert EVIL not in answer.text


def test_verify_and_the_doctor_go_through_it(server: LookedAt) -> None:
    succeed(invoke("verify"))
    assert server.lines(f"ls {STORAGE} {STORAGE}/library 2>/dev/null | grep proof || true") == []
    succeed(invoke("doctor", "server"))
