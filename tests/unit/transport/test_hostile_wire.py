"""A host that does not keep to the protocol: one AgentError of that host, in
bounded time and memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from mooring.agent import wire
from mooring.errors import AgentError, BecomeFailed, ConnectionLost, HostUnreachable
from mooring.transport import agent_client, frames
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection import local
from mooring.transport.connection.become import READY, Become
from tests.support.evil_agent import HELLO, EvilHost, greeting, header, json_frame

# Far above what any of these takes, so that a host that is
# waited for is told from one that is refused.
LONG = 30.0


def told(name: str, value: Any) -> bytes:
    good = {"what": "Pulling", "done": 1, "total": 2}
    return wire.pack(wire.JSON, 1, {"progress": {**good, name: value}})


MALFORMED: dict[str, tuple[bytes, str]] = {
    "a frame of 4 GiB": (header(b"J", 1, 2**32 - 1) + bytes(1000), "a frame of 4294967295 bytes"),
    "a frame a little too long": (header(b"J", 1, wire.LONGEST + 1), "are the limit"),
    "contents of a file": (wire.pack(wire.DATA, 1, b"x"), "a frame of kind b'D'"),
    "another kind": (header(b"X", 1, 0), "a frame of kind b'X'"),
    "no JSON": (json_frame(b"oops"), "not JSON"),
    "nothing": (json_frame(b""), "not JSON"),
    "bytes that are no text": (json_frame(b'{"reply": {"a": "\xff\xfe"}}'), "not JSON"),
    "not a number": (json_frame(b'{"reply": {"a": NaN}}'), "NaN"),
    "infinity": (json_frame(b'{"reply": {"a": 1e999}}'), "out of range"),
    "an endless number": (json_frame(b'{"reply": {"a": ' + b"9" * 100_000 + b"}}"), "not JSON"),
    "half a character": (json_frame(b'{"reply": {"a": "\\ud800"}}'), "half a character"),
    "half a character in a key": (json_frame(b'{"reply": {"\\uDFFF": 1}}'), "half a character"),
    "nested": (json_frame(b'{"reply": {"a": ' + b"[" * 200 + b"]" * 200 + b"}}"), "nested deeper than 64"),
    "nested without end": (json_frame(b'{"a":' * 1_000_000), "no|nested"),
    "millions of lists": (json_frame(b'{"reply": {"a": [' + b"[]," * 2_000_000 + b"[]]}}"), "more than 1000000 values"),
    "a list": (json_frame(b"[1]"), "a list, not a mapping"),
    "nothing known": (json_frame(b'{"run": "rm"}'), "not run"),
    "two at once": (json_frame(b'{"reply": {}, "want": "content"}'), "not reply, want"),
    "a reply that is a list": (json_frame(b'{"reply": [1]}'), "not a mapping but a list"),
    "a reply that is missing": (json_frame(b'{"reply": null}'), "not a mapping but null"),
    "a reply to nobody": (wire.pack(wire.JSON, 7, {"reply": {}}), "request 7"),
    "a wish for something": (json_frame(b'{"want": "/etc/shadow"}'), "something other than content"),
    "progress of text": (told("done", "x"), "done is a string"),
    "progress below zero": (told("done", -1), "done is out of range"),
    "progress beyond measure": (told("total", 2**64), "total is out of range"),
    "progress in truth": (told("total", True), "total is a boolean"),
    "progress of nothing": (told("what", None), "what is null"),
    "progress by itself": (json_frame(b'{"progress": 5}'), "progress is a number"),
    "two wishes": (json_frame(b'{"want": "content"}') * 2, "a second time"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_part_of_the_protocol_is_named(tmp_path: Path, name: str) -> None:
    output, reason = MALFORMED[name]
    host = EvilHost(tmp_path, greeting() + output)
    remote = Remote.start(host, Bundle(), timeout=LONG)
    with pytest.raises(AgentError, match=reason):
        remote.call("ping", {}, timeout=LONG)
    assert host.processes[0].exit_status(5) is not None, "the agent is ended"
    with pytest.raises(AgentError, match=reason):
        remote.call("ping", {}, timeout=LONG)


@pytest.mark.parametrize("hello", [{"hello": 1}, {"hello": {}}, {"hello": {**HELLO["hello"], "uid": "0"}}, {"x": 1}])
def test_a_wrong_hello(tmp_path: Path, hello: Any) -> None:
    with pytest.raises(AgentError, match="hello"):
        Remote.start(EvilHost(tmp_path, greeting(hello)), Bundle(), timeout=LONG)


def test_a_banner_without_end(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="before the agent's first word") as caught:
        Remote.start(EvilHost(tmp_path, b"Welcome! " * 10_000, loops=-1), Bundle(), timeout=LONG)
    assert len(str(caught.value)) < 10_000


@pytest.mark.parametrize("stream", [1, 2])
def test_dripping_does_not_extend_the_start(tmp_path: Path, stream: int) -> None:
    began = time.monotonic()
    with pytest.raises(HostUnreachable):
        Remote.start(EvilHost(tmp_path, b"x" * 1000, pause=0.02, loops=-1, stream=stream), Bundle(), timeout=0.5)
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("output", [b"", READY])
def test_dripping_does_not_extend_sudo(tmp_path: Path, output: bytes) -> None:
    host = EvilHost(tmp_path, output + b"x" * 1000, pause=0.02, loops=-1)
    began = time.monotonic()
    with pytest.raises((BecomeFailed, ConnectionLost, AgentError)):
        Remote.start(host, Bundle(), Become("somebody", "secret"), timeout=0.5)
    assert time.monotonic() - began < 15


def test_sudo_with_a_banner_without_end(tmp_path: Path) -> None:
    host = EvilHost(tmp_path, b"x" * 100_000, loops=-1)
    with pytest.raises(AgentError, match="before the agent's first word"):
        Remote.start(host, Bundle(), Become("somebody", "secret"), timeout=LONG)


def test_dripping_does_not_extend_a_request(tmp_path: Path) -> None:
    frame = json_frame(b'{"progress": {"what": "", "done": 1, "total": 2}}')
    remote = Remote.start(EvilHost(tmp_path, greeting() + frame * 10_000, pause=0.001), Bundle(), timeout=LONG)
    began = time.monotonic()
    with pytest.raises(ConnectionLost, match="did not answer within"):
        remote.call("ping", {}, timeout=0.5)
    assert time.monotonic() - began < 15


def test_standard_error_without_end_does_not_extend_a_request(tmp_path: Path) -> None:
    host = EvilHost(tmp_path, greeting())
    host.words[0:0] = ["/bin/sh", "-c", '(while :; do echo noise; done) >&2 & exec "$@"', "sh"]
    remote = Remote.start(host, Bundle(), timeout=LONG)
    with pytest.raises(ConnectionLost, match="did not answer within"):
        remote.call("ping", {}, timeout=0.5)


@pytest.mark.parametrize("stream", [1, 2])
def test_all_that_comes_for_a_request_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: int) -> None:
    monkeypatch.setattr(frames, "MOST_BYTES", 1024 * 1024, raising=False)
    frame = json_frame(b'{"progress": {"what": "%s", "done": 1, "total": 2}}' % (b"x" * 1000))
    host = EvilHost(tmp_path, frame * 3000, stream=stream)
    # The flood waits for the request's first byte: before it, it would count towards the start.
    script = f'head -c {len(Bundle().packed)} >/dev/null; cat "$0"; head -c 1 >/dev/null; exec "$@"'
    host.words[0:0] = ["/bin/sh", "-c", script, str(tmp_path / "hello")]
    (tmp_path / "hello").write_bytes(greeting())
    remote = Remote.start(host, Bundle(), timeout=LONG)
    with pytest.raises(AgentError, match="came for one request"):
        remote.call("ping", {}, timeout=LONG)


def test_progress_in_floods_is_told_now_and_then_and_its_end_for_certain(tmp_path: Path) -> None:
    parts = [wire.pack(wire.JSON, 1, {"progress": {"what": "x", "done": n, "total": 5000}}) for n in range(5001)]
    output = b"".join(parts) + wire.pack(wire.JSON, 1, {"reply": {"changed": True}})
    seen: list[int] = []
    with Remote.start(EvilHost(tmp_path, greeting() + output), Bundle(), timeout=LONG) as remote:
        reply = remote.call("ping", {}, timeout=LONG, on_progress=lambda what, done, total: seen.append(done))
    assert reply == {"changed": True}
    assert len(seen) < 500
    assert seen[-1] == 5000


def test_a_host_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "STALL_SECONDS", 0.3, raising=False)
    monkeypatch.setattr(agent_client, "END_SECONDS", 0.3)
    host = EvilHost(tmp_path, greeting())
    host.program.write_text(
        "import os, sys, time\n"
        f"left = {len(Bundle().packed)}\n"
        "while left: left -= len(os.read(0, left))\n"
        "os.write(1, open(sys.argv[3], 'rb').read())\n"
        "time.sleep(60)\n"
    )
    remote = Remote.start(host, Bundle(), timeout=LONG)
    with pytest.raises(ConnectionLost, match="took no input"):
        remote.send("ping", {"data": "x" * 10_000_000})


def test_an_honest_answer_to_all_limits(tmp_path: Path) -> None:
    """Just below each of them."""
    value: Any = "deep"
    for _ in range(wire.DEEPEST - 2):
        value = [value]
    reply = {"deep": value, "many": [0] * 500_000, "stdout": 'a,["{' * 3_000_000, "smile": "\U0001f600"}
    output = wire.pack(wire.JSON, 1, {"reply": reply})
    with Remote.start(EvilHost(tmp_path, greeting() + output), Bundle(), timeout=LONG) as remote:
        assert remote.call("ping", {}, timeout=LONG) == reply
