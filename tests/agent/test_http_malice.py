"""Malicious servers against the modules that speak HTTP, on every interpreter: an end, little
memory, one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from interpreters import find_interpreters
from module_process import ModuleProcess, run_modules

from tests.support.evil_server import (
    BLOCK,
    CHUNKED,
    DRIPS,
    FLOODS,
    HEAD,
    LIES,
    EvilServer,
    body,
    drip,
    repeat,
    say,
    serve_evil,
)

MIB = 1024 * 1024
VERSIONS = list(find_interpreters())
OUTERMOST = (VERSIONS[0], VERSIONS[-1])


@pytest.fixture(
    scope="module",
    params=[pytest.param(version, marks=() if version in OUTERMOST else pytest.mark.long) for version in VERSIONS],
)
def agent(request: pytest.FixtureRequest) -> Iterator[ModuleProcess]:
    """An agent's modules on each interpreter."""
    with run_modules(find_interpreters()[request.param]) as process:
        yield process


@contextmanager
def evil(behaviour: Any, **more: Any) -> Iterator[tuple[EvilServer, str]]:
    """A server and its URL."""
    with serve_evil(behaviour, **more) as server:
        yield server, f"http://127.0.0.1:{getattr(server, 'port', 0)}/"


def test_uri_cuts_floods_off(agent: ModuleProcess) -> None:
    for name, flood in FLOODS.items():
        with evil(flood) as (server, url):
            assert "Request failed: " in agent.fail("uri", url=url), name
            assert server.sent < 40 * MIB, name


def test_drips_end(agent: ModuleProcess, tmp_path: Path) -> None:
    for name, behaviour in DRIPS.items():
        with evil(behaviour) as (_, url):
            assert "timed out: " in agent.fail("uri", url=url, timeout=1), name
            if name in ("a drip of chunks", "a drip without a length"):
                assert "timed out: " in agent.fail("get_url", url=url, dest=str(tmp_path / "x"), timeout=1), name
            assert os.listdir(tmp_path) == []
            seen = agent.run("registry_probe", host="127.0.0.1", port=int(url[17:-1]), timeout=0.2)
            assert seen["layer"] in ("", "HTTP"), name


def test_what_is_no_answer(agent: ModuleProcess) -> None:
    for name, lie in LIES.items():
        with evil(lie) as (_, url):
            assert "Request failed: " in agent.fail("uri", url=url), name
            assert agent.run("registry_probe", host="127.0.0.1", port=int(url[17:-1]), timeout=5)["changed"] is False


def test_the_probe_takes_little_of_a_flood(agent: ModuleProcess) -> None:
    for name, flood in FLOODS.items():
        with evil(flood) as (server, url):
            seen = agent.run("registry_probe", host="127.0.0.1", port=int(url[17:-1]), timeout=1)
            assert len(json.dumps(seen)) < 4 * MIB, name
            assert server.sent < 20 * MIB, name


@pytest.mark.parametrize("greeting", [drip(b"\x16\x03\x03\x40\x00", b"\x0b"), DRIPS["silence"]])
def test_handshakes_end(agent: ModuleProcess, greeting: Any) -> None:
    with evil(greeting, greets=True) as (_, url):
        secure = url.replace("http:", "https:")
        assert "timed out: " in agent.fail("uri", url=secure, timeout=1, validate_certs=False)
        port = int(url[17:-1])
        seen = agent.run("registry_probe", host="127.0.0.1", port=port, scheme="https", timeout=0.5)
        assert seen["layer"] == "TLS"


def test_json_of_any_kind(agent: ModuleProcess) -> None:
    for content in (b"[" * 200_000, b"[" * 70 + b"]" * 70, b"\xff\xfe{", b"", b'{"a": ' * 200_000, b"5" * 5000):
        with evil(say(body(content))) as (_, url):
            reply = agent.run("uri", url=url)
            assert reply["status"] == 200
            if "json" not in reply:
                assert "calls its answer JSON, but it is none" in reply["warnings"][0]
    with evil(say(body(b"[" * 60 + b"]" * 60))) as (_, url):
        assert "json" in agent.run("uri", url=url)


def test_an_encoding_decodes_text_and_nothing_else(agent: ModuleProcess) -> None:
    for charset in ("bz2", "zlib", "hex", "rot13", "punycode", "idna", "unicode_escape", "nonsense", "undefined"):
        answer = body(b"abc").replace(b"application/json", b"text/plain; charset=" + charset.encode())
        with evil(say(answer)) as (_, url):
            assert agent.run("uri", url=url, return_content=True)["content"] == "abc", charset


def test_bad_bytes_in_heads_and_bodies(agent: ModuleProcess) -> None:
    answer = (
        b"HTTP/1.1 200 \xff\xfe\r\nX-\xc3\xa9: \xff\x1b[2J\r\nX-B: \xc3\xbc\xff\r\nContent-Length: 2\r\n\r\n\xff\xfe"
    )
    with evil(say(answer)) as (_, url):
        agent.run("uri", url=url, return_content=True)
    with evil(say(answer.replace(b"200", b"500"))) as (_, url):
        agent.fail("uri", url=url)


def redirect(location: bytes, status: bytes = b"302 Found") -> Any:
    head = HEAD.replace(b"200 OK", status) + b"Location: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    return say(head)


def test_redirects_in_a_circle_and_to_nowhere(agent: ModuleProcess, tmp_path: Path) -> None:
    dest = str(tmp_path / "x")
    with evil(redirect(b"/again")) as (server, url):
        assert "more than 10 redirects" in agent.fail("uri", url=url)
        assert len(server.requests) == 11
        assert "more than 10 redirects" in agent.fail("get_url", url=url, dest=dest)
    for location in (b"file:///etc/passwd", b"ftp://127.0.0.1/x", b"gopher://127.0.0.1:1/"):
        with evil(redirect(location)) as (server, url):
            assert "is not an http or https URL" in agent.fail("get_url", url=url, dest=dest), location
            assert len(server.requests) == 1
    for location in (b"http://[evil/", b"http://127.0.0.1:no/"):
        with evil(redirect(location)) as (server, url):
            agent.fail("get_url", url=url, dest=dest)
            assert "not a URL" in agent.fail("uri", url=url, status_code=200), location
    with evil(redirect(b"http://127.0.0.1:99999999/")) as (server, url):
        agent.fail("get_url", url=url, dest=dest)
    assert os.listdir(tmp_path) == []


def test_credentials_stay_where_they_are_meant(agent: ModuleProcess) -> None:
    with evil(say(body(b"{}"))) as (other, elsewhere), evil(redirect(elsewhere.encode())) as (server, url):
        headers = {"Cookie": "c", "Proxy-Authorization": "p", "Authorization": "a"}
        agent.run("uri", url=url, url_username="u", url_password="s3cret", force_basic_auth=True, headers=headers)
        agent.run("uri", url=url.replace("//", "//u:s3cret@"), force_basic_auth=True)
    for head in other.requests:
        assert not any(
            line.split(b":")[0].lower().endswith((b"authorization", b"cookie")) for line in head.splitlines()
        )
    assert all(b"Authorization: Basic" in head for head in server.requests)


def test_a_big_file_is_loaded_whole_however_slowly_it_begins(agent: ModuleProcess, tmp_path: Path) -> None:
    """Much more than an answer that is kept in memory may have, in pieces with pauses between
    them."""
    count = 40 * MIB // len(BLOCK)

    def behave(server: EvilServer, sock: Any) -> None:
        server.send(sock, HEAD + b"Content-Length: %d\r\n\r\n" % (count * len(BLOCK)))
        for number in range(count):
            if number % 200 == 0:
                server.over.wait(0.6)
            server.send(sock, BLOCK)

    with evil(behave) as (_, url):
        reply = agent.run("get_url", url=url, dest=str(tmp_path / "big"), timeout=1)
        assert reply["changed"] is True
        assert (tmp_path / "big").stat().st_size == 40 * MIB
        assert "more than" in agent.fail("uri", url=url)


# --- the Docker engine's socket ---


def test_an_engine_that_floods_and_drips(agent: ModuleProcess, tmp_path: Path) -> None:
    slow = {name: DRIPS[name] for name in ("a drip of headers", "a drip of chunks", "silence after the head")}
    quick = {name: flood for name, flood in FLOODS.items() if "petabytes" in name or "header" in name}
    for number, (name, behaviour) in enumerate({**quick, **slow, **LIES}.items()):
        path = str(tmp_path / f"{number}.sock")
        with evil(behaviour, path=path) as (server, _):
            agent.fail("docker_host_info", docker_host=f"unix://{path}", timeout=1)
            assert server.sent < 100 * MIB, name


def test_an_engine_whose_answers_are_of_other_kinds(agent: ModuleProcess, tmp_path: Path) -> None:
    contents = (
        b"[]",
        b"5",
        b'"x"',
        b"{}",
        b'{"ApiVersion": []}',
        b'{"ApiVersion": "x.y"}',
        b'{"ApiVersion": "1"}',
        b"\xff",
    )
    for number, content in enumerate((*contents, b"[" * 200_000)):
        path = str(tmp_path / f"{number}.sock")
        with evil(say(body(content)), path=path):
            agent.fail("docker_host_info", docker_host=f"unix://{path}", timeout=5)


VERSION = body(b'{"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10"}')


@pytest.mark.parametrize(
    "stream",
    [say(HEAD + b"\r\n[1]\n"), say(HEAD + b"\r\n5\n"), say(HEAD + b"\r\n\xff\n"), say(HEAD + b'\r\n{"error": [1]}\n'),
     say(HEAD + b'\r\n{"errorDetail": [1]}\n'), repeat(HEAD + b"\r\n", BLOCK), repeat(CHUNKED, b"1\r\n[\r\n" * 1000)],
)  # fmt: skip
def test_a_pull_whose_messages_are_none(agent: ModuleProcess, tmp_path: Path, stream: Any) -> None:
    def behave(server: EvilServer, sock: Any) -> None:
        if b"/version " in server.requests[-1]:
            server.send(sock, VERSION)
        elif server.requests[-1].startswith(b"POST"):
            stream(server, sock)
        else:
            server.send(sock, body(b'{"message": "no such image"}').replace(b"200 OK", b"404 Not Found"))

    path = str(tmp_path / "docker.sock")
    with evil(behave, path=path) as (server, _):
        agent.fail("docker_image", name="x.example.com/y:z", source="pull", docker_host=f"unix://{path}", timeout=5)
        assert server.sent < 100 * MIB
