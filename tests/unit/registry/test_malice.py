"""A malicious registry: whatever it answers, the client ends soon, takes little, and has one kind
of error for it."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

import pytest

from mooring.doctor.nginx_probe import NginxProbe, examine
from mooring.errors import RegistryError
from mooring.records.diagnosis import Verdict
from mooring.registry import client, transport
from mooring.registry.client import Registry
from mooring.registry.names import is_digest, is_repository, is_tag
from mooring.registry.transport import Endpoint, HttpTransport
from tests.support.evil_server import DRIPS, FLOODS, HEAD, LIES, EvilServer, body, drip, say, serve_evil

MIB = 1024 * 1024
# What the sockets of both sides may hold besides what was read.
BUFFERED = 16 * MIB
SECONDS = 0.5


def registry_at(server: EvilServer, seconds: float = 60.0) -> Registry:
    return Registry(HttpTransport(Endpoint("127.0.0.1", server.port), seconds=seconds))


def refusal(server: EvilServer, ask: str = "catalog", *args: str, seconds: float = 60.0) -> RegistryError:
    with registry_at(server, seconds) as registry, pytest.raises(RegistryError) as caught:
        getattr(registry, ask)(*args)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    return caught.value


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_cut_off(name: str) -> None:
    with serve_evil(FLOODS[name]) as server:
        error = refusal(server)
        assert server.sent < transport.MOST_BODY + BUFFERED
    assert error.layer == "HTTP"


@pytest.mark.parametrize("name", DRIPS)
def test_a_drip_ends_with_the_requests_deadline(name: str) -> None:
    with serve_evil(DRIPS[name]) as server:
        error = refusal(server, seconds=SECONDS)
    assert error.layer == "HTTP"
    assert str(error).endswith("timed out: not done within 0.5 seconds")


@pytest.mark.parametrize("name", LIES)
def test_what_is_no_answer_is_said_to_be_none(name: str) -> None:
    with serve_evil(LIES[name]) as server:
        assert "no HTTP answer: " in str(refusal(server))


@pytest.mark.parametrize("behaviour", [drip(b"", b"\x16"), drip(b"\x16\x03\x03\x40\x00", b"\x0b"), DRIPS["silence"]])
def test_a_handshake_has_the_deadline_too(behaviour: Any) -> None:
    with serve_evil(behaviour, greets=True) as server:
        endpoint = Endpoint("127.0.0.1", server.port, "https")
        with pytest.raises(RegistryError) as caught:
            Registry(HttpTransport(endpoint, seconds=SECONDS)).ping()
    assert caught.value.layer == "TLS"


def test_a_request_that_nobody_takes_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "SLOWEST", 100 * MIB)
    with serve_evil(DRIPS["silence"]) as server:
        http = HttpTransport(Endpoint("127.0.0.1", server.port), seconds=SECONDS)
        with pytest.raises(RegistryError, match="not done within"):
            http.send("PATCH", "/", bytes(32 * MIB), {})


# --- bodies ---


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe{", "answers no JSON"),
        (b"", "answers no JSON"),
        (b"[" * 200_000, "answers no JSON"),
        (b'{"repositories": ' + b'{"a": ' * 200_000, "answers no JSON"),
        (b'{"repositories": ' + b"9" * 5000 + b"}", "answers no JSON|is a number"),
        (b"[]", "answers a list in place of an object"),
        (b"5", "answers a number in place of an object"),
        (b'{"repositories": 5}', "repositories is a number in place of a list"),
        (b'{"repositories": {"x": 1}}', "repositories is an object in place of a list"),
        (b'{"repositories": "abc"}', "repositories is a text in place of a list"),
        (b'{"repositories": [5]}', "repositories has 5, which is not a name"),
        (b'{"repositories": [["a"]]}', "which is not a name"),
        (b'{"repositories": ["../../etc"]}', "which is not a name"),
        (b'{"repositories": ["a\\r\\nHost: b"]}', "which is not a name"),
        (b'{"repositories": ["\\u001b[2J"]}', r"has '\\x1b\[2J', which is not a name"),
        (b'{"repositories": ["%s"]}' % (b"a" * 300), "which is not a name"),
    ],
)
def test_what_a_list_must_be(content: bytes, words: str) -> None:
    with serve_evil(say(body(content))) as server:
        assert re.search(words, str(refusal(server)))


def test_null_is_an_empty_list() -> None:
    with serve_evil(say(body(b'{"name": "x", "tags": null}'))) as server, registry_at(server) as registry:
        assert registry.tags("x") == []


@pytest.mark.parametrize("tags", ["5", '["a b"]', '["-a"]', '["%s"]' % ("a" * 129), '{"x": 1}'])
def test_tags_are_checked_as_well(tags: str) -> None:
    with serve_evil(say(body(b'{"tags": %s}' % tags.encode()))) as server:
        assert refusal(server, "tags", "x").layer == "registry"


@pytest.mark.parametrize("digest", [b"", b"sha256", b"sha256:\x1b[2J", b"sha256:" + b"a" * 9000])
def test_a_digest_is_one(digest: bytes) -> None:
    with serve_evil(say(HEAD + b"Docker-Content-Digest: " + digest + b"\r\nContent-Length: 5\r\n\r\n")) as server:
        assert "which is none" in str(refusal(server, "resolve", "x", "latest"))


def test_a_manifest_that_was_asked_for_by_digest_has_it() -> None:
    with serve_evil(say(body(b"[]"))) as server:
        error = refusal(server, "fetch_manifest", "x", "sha256:" + "0" * 64)
    assert "answered by another manifest" in str(error)


@pytest.mark.parametrize(
    "errors",
    [b'{"errors": 5}', b'{"errors": ["x"]}', b'{"errors": [[1]]}', b"[" * 100_000, b"\xff\n\x1b", b"x" * 100_000,
     b'{"errors": [{"code": "A", "message": "%s"}]}' % (b"\\n" * 100_000)],
)  # fmt: skip
def test_a_refusal_is_one_short_sentence(errors: bytes) -> None:
    answer = body(errors).replace(b"200 OK", b"500 No")
    with serve_evil(say(answer)) as server:
        assert refusal(server).status == 500


# --- pages ---


def page(names: list[str], link: str) -> bytes:
    return body(json.dumps({"repositories": names}).encode(), b"Link: " + link.encode())


def test_pages_that_go_in_a_circle() -> None:
    def behave(server: EvilServer, sock: socket.socket) -> None:
        server.send(sock, page(["a"], '</v2/_catalog?last=a>; rel="next"'))

    with serve_evil(behave) as server:
        assert "goes in a circle" in str(refusal(server))
        assert len(server.requests) == 2


def test_pages_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_PAGES", 20)

    def behave(server: EvilServer, sock: socket.socket) -> None:
        server.send(sock, page([], f'</v2/_catalog?last={len(server.requests)}>; rel="next"'))

    with serve_evil(behave) as server:
        assert "the list does not end" in str(refusal(server))
        assert len(server.requests) == 20


@pytest.mark.parametrize(("limit", "value"), [("MOST_LISTED", 1000), ("LISTING_SECONDS", 0.0)])
def test_a_listing_is_bounded_as_a_whole(monkeypatch: pytest.MonkeyPatch, limit: str, value: float) -> None:
    monkeypatch.setattr(client, limit, value)

    def behave(server: EvilServer, sock: socket.socket) -> None:
        number = len(server.requests)
        server.send(sock, page([f"a{number}"] * 10, f'</v2/_catalog?last={number}>; rel="next"'))

    with serve_evil(behave) as server:
        assert "the list does not end" in str(refusal(server))
        assert len(server.requests) < 20


@pytest.mark.parametrize(
    "link",
    ["http://elsewhere.example.com/v2/", "https://127.0.0.1/x", "//127.0.0.2/x", "ftp://x/", "file:///etc/passwd"],
)
def test_a_next_page_elsewhere_is_not_asked_for(link: str) -> None:
    with serve_evil(say(page(["a"], f'<{link}>; rel="next"'))) as server:
        assert "which is not asked" in str(refusal(server))
        assert len(server.requests) == 1


@pytest.mark.parametrize("link", ["http://[evil/", "http://127.0.0.1:99999999/"])
def test_a_next_page_that_is_no_url(link: str) -> None:
    with serve_evil(say(page(["a"], f'<{link}>; rel="next"'))) as server:
        assert "which is not a URL" in str(refusal(server))


def test_a_link_of_nothing_but_brackets_takes_no_time() -> None:
    with serve_evil(say(page(["a"], "<" * 60_000))) as server, registry_at(server, 10) as registry:
        assert registry.catalog() == ["a"]


# --- elsewhere ---


@pytest.mark.parametrize("location", [b"http://[evil/", b"http://127.0.0.1:no/", b"http://x" + b"y" * 9000])
def test_a_location_that_leads_nowhere(location: bytes) -> None:
    answer = HEAD.replace(b"200 OK", b"202 Accepted") + b"Location: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    with serve_evil(say(answer)) as server, registry_at(server) as registry, pytest.raises(RegistryError) as caught:
        registry._start_upload("x")
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("name", [*FLOODS, *LIES])
def test_the_doctor_has_a_finding_for_it(name: str) -> None:
    with serve_evil({**FLOODS, **LIES}[name]) as server:
        address = ("127.0.0.1", server.port)
        probe = NginxProbe(Endpoint("registry.example.com"), lambda: socket.create_connection(address), "x")
        (only,) = examine(probe)
    assert only.verdict is Verdict.BREAKS


def test_the_doctor_is_not_led_astray_by_a_location() -> None:
    def behave(server: EvilServer, sock: socket.socket) -> None:
        status = b"202 Accepted" if b"POST" in server.requests[-1] else b"200 OK"
        head = HEAD.replace(b"200 OK", status) + b"Location: http://[evil/\r\nContent-Length: 0\r\n\r\n"
        server.send(sock, head)

    with serve_evil(behave) as server:
        address = ("127.0.0.1", server.port)
        probe = NginxProbe(Endpoint("registry.example.com"), lambda: socket.create_connection(address), "x")
        with pytest.raises(RegistryError, match="which is not a URL"):
            list(examine(probe))


def test_names_by_the_specification() -> None:
    assert all(map(is_repository, ["a", "library/busybox", "a/b/c", "a--b", "a__b.c", "0/1"]))
    assert not any(map(is_repository, ["", "/a", "a/", "A", "a..b", "a___b", "a//b", "a b", "a\n", "-a", "a" * 256]))
    assert all(map(is_tag, ["latest", "_", "1.0-rc.1", "a" * 128]))
    assert not any(map(is_tag, ["", ".a", "-a", "a" * 129, "a/b", "a:b", "a\n"]))
    assert all(map(is_digest, ["sha256:" + "a" * 64, "sha512+b64:ab_-="]))
    assert not any(map(is_digest, ["", "sha256", "sha256:", ":a", "sha256:a\n"]))
