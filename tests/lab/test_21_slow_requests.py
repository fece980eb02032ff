"""Chapter 21, on: slow requests by the thousand stop nobody, and what is slow but
goes on is not cut."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from invocations import provision, succeed
from lab_hosts import LookedAt
from nginx_requests import NAME, ask, connect, read_answer
from slow_requests import BODY, HEADER, READ, Attack, under_attack

from mooring.registry.client import Registry
from mooring.registry.image import Blob
from mooring.registry.transport import Endpoint, HttpTransport

STORAGE = "/var/lib/registry/docker/registry/v2"
REPOSITORY = "slow"
HOSTS, EACH = 200, 6
GAP = 2
"""Seconds that a gap may last in the tests of gaps; what they send and take is a piece every
quarter of that."""
SHORT = {
    "nginx_client_header_timeout": f"{GAP}s",
    "nginx_client_body_timeout": f"{GAP}s",
    "nginx_send_timeout": f"{GAP}s",
    "nginx_keepalive_timeout": f"{GAP}s",
    "nginx_proxy_timeout": f"{GAP}s",
}


@contextmanager
def stored(server: LookedAt, size: int) -> Iterator[str]:
    """The path of a blob of that many bytes in the registry."""
    content = Blob(os.urandom(size), "application/octet-stream")
    endpoint = Endpoint(NAME)
    with Registry(HttpTransport(endpoint, lambda: connect(server))) as registry:
        registry.push_blob(REPOSITORY, content)
    yield f"/v2/{REPOSITORY}/blobs/{content.digest}"
    digits = content.digest.partition(":")[2]
    server.run(f"rm -rf {STORAGE}/blobs/sha256/{digits[:2]}/{digits}")


@pytest.fixture(scope="module")
def blob(server: LookedAt) -> Iterator[str]:
    with stored(server, 2 << 20) as path:
        yield path
    server.run(f"rm -rf {STORAGE}/repositories/{REPOSITORY}")


@pytest.fixture
def image(server: LookedAt, client_debian: LookedAt) -> Iterator[str]:
    """An image that client-debian has, and the registry has not."""
    repository = f"slow-{secrets.token_hex(4)}"
    name = f"{NAME}/{repository}:1"
    client_debian.run(f"head -c 3M /dev/urandom > /root/r && tar -C /root -c r | docker import - {name}")
    yield name
    client_debian.run(f"docker rmi -f {name}; rm -f /root/r")
    server.run(f"rm -rf {STORAGE}/repositories/{repository}")


# Before the attacks: what they leave behind for a moment is counted for the same address.
def test_200_hosts_behind_one_address_pull_at_once(server: LookedAt, blob: str) -> None:
    request = f"GET {blob} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
    connections = []
    try:
        for _ in range(HOSTS * EACH):
            connections.append(connect(server, buffer=4096))
            connections[-1].sendall(request)
        statuses = {connection.recv(15) for connection in connections}
        beyond = [ask(server, f"GET {blob}", f"Host: {NAME}") for _ in range(3)]
    finally:
        for connection in connections:
            connection.close()
    assert statuses == {b"HTTP/1.1 200 OK"}
    for answer in beyond:  # one's own limit is reached, and is told
        assert answer.status == 503
        assert answer.header("Retry-After")
        assert json.loads(answer.body)["errors"][0]["code"] == "TOOMANYREQUESTS"


@pytest.mark.parametrize(
    ("kind", "count"),
    [pytest.param(HEADER, 1400, marks=pytest.mark.long), (HEADER, 2500), (BODY, 1400), (READ, 1400)],
)
def test_others_push_and_pull_meanwhile(
    server: LookedAt, clients: list[LookedAt], image: str, blob: str, kind: str, count: int
) -> None:
    client_el7, client_debian = clients
    with under_attack(Attack((server.host.address, 80), kind, count, NAME, blob)) as attack:
        client_debian.run(f"timeout 60 docker push {image}")
        client_el7.run(f"timeout 60 docker pull {image}")
        assert attack.is_up
    client_el7.run(f"docker rmi {image}")
    assert client_debian.run(f"timeout 60 curl -sS http://{NAME}/v2/") == "{}"


@pytest.fixture(scope="module")
def short(server: LookedAt) -> Iterator[None]:
    """nginx with timeouts of GAP seconds."""
    succeed(provision("server", "-e", json.dumps(SHORT)))
    yield
    succeed(provision("server"))


def push_slowly(server: LookedAt, size: int, rate: float, piece: int) -> float:
    """Push SIZE bytes at RATE bytes a second, a PIECE at a time; returns the seconds
    that the body took."""
    begun = ask(server, f"POST /v2/{REPOSITORY}/blobs/uploads/", f"Host: {NAME}").header("Location")
    content, digest = os.urandom(piece), hashlib.sha256()
    with connect(server) as connection:
        head = f"PATCH {path_of(begun)} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        began, sent = time.monotonic(), 0
        while sent < size:
            part = content[: size - sent]
            connection.sendall(part)
            digest.update(part)
            sent += len(part)
            time.sleep(max(0.0, began + sent / rate - time.monotonic()))
        seconds = time.monotonic() - began
        answer = read_answer(connection)
    assert answer.status == 202, answer
    path = f"{path_of(answer.header('Location'))}&digest=sha256:{digest.hexdigest()}"
    assert ask(server, f"PUT {path}", f"Host: {NAME}").status == 201
    reply = ask(server, f"HEAD /v2/{REPOSITORY}/blobs/sha256:{digest.hexdigest()}", f"Host: {NAME}")
    assert (reply.status, reply.header("Content-Length")) == (200, str(size))
    digits = digest.hexdigest()
    server.run(f"rm -rf {STORAGE}/blobs/sha256/{digits[:2]}/{digits}")
    return seconds


def path_of(location: str) -> str:
    parts = urlsplit(location)
    return f"{parts.path}?{parts.query}"


def test_a_push_lasts_as_long_as_it_likes(server: LookedAt, short: None, blob: str) -> None:
    assert push_slowly(server, size=22_000, rate=2000, piece=1000) >= 5 * GAP


def test_a_pull_lasts_as_long_as_it_likes(server: LookedAt, short: None, blob: str) -> None:
    """nginx writes again when a third of the kernel's buffer is free: little, where the
    client's is small."""
    with stored(server, 5 << 20) as large, connect(server, buffer=8 << 10) as connection:
        connection.sendall(f"GET {large} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        began, received = time.monotonic(), 0
        while part := connection.recv(50_000):
            received += len(part)
            time.sleep(max(0.0, began + received / 360_000 - time.monotonic()))
        assert time.monotonic() - began >= 5 * GAP
    assert received > 5 << 20


@pytest.mark.parametrize("kind", [HEADER, BODY])
def test_who_is_silent_is_not_waited_for(server: LookedAt, short: None, kind: str) -> None:
    rest = "X-Slow: " if kind == HEADER else "Content-Length: 1000\r\n\r\nx"
    with connect(server) as connection:
        connection.sendall(f"PUT /v2/{REPOSITORY}/manifests/t HTTP/1.1\r\nHost: {NAME}\r\n{rest}".encode())
        began = time.monotonic()
        read_answer(connection)
        assert time.monotonic() - began >= GAP - 0.5


def test_a_header_that_never_ends_is_not_waited_for(server: LookedAt, short: None) -> None:
    with connect(server) as connection:
        connection.sendall(f"GET /v2/ HTTP/1.1\r\nHost: {NAME}\r\n".encode())
        connection.settimeout(GAP / 4)
        began = time.monotonic()
        while time.monotonic() - began < 15 * GAP:
            try:
                connection.sendall(b"X-Slow: x\r\n")
                if not connection.recv(1000):
                    return
            except TimeoutError:
                pass
            except OSError:
                return
    pytest.fail("nginx still takes the header")


@pytest.mark.long
def test_two_gigabytes_at_a_megabyte_a_second(server: LookedAt, blob: str) -> None:
    assert push_slowly(server, size=2 << 30, rate=1 << 20, piece=1 << 18) >= 2000
