"""Replies of the wrong kind, and frames that are none: what a broken or hostile host may say in
place of an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import cycle
from typing import Any

from mooring.agent import wire
from tests.hostile.malice import Edit, Malice, Reply, Say, answer

# In place of any value.
WRONG: tuple[Any, ...] = (
    None, True, -1, 3.7, 10**30, "", "x", "\ud800\udfff\x1b[2J\r\n", [],
    [1], [[]], [None], {}, {"a": 1}, {"": {"": []}},
    [{"before": 1}], [{"before": ["x"], "after": None}], ["x", 1, {"a": [1]}],
)  # fmt: skip
# Every key of a reply that is read by ours.
READ_KEYS = (
    "changed", "failed", "skipped", "unreachable", "msg", "warnings", "exception", "diff", "stdout", "stderr",
    "stdout_lines", "stderr_lines", "rc", "ansible_facts", "results", "attempts", "deprecations", "ping",
    "failed_when_result", "skipped_reason", "false_condition", "skip_reason", "backup_file",
)  # fmt: skip


def wrong(key: str) -> Edit:
    """One key with each wrong value in turn, as long as there are tasks."""
    values = cycle(WRONG)
    return Edit(lambda request, reply: {**reply, key: next(values)})


def frame(kind: bytes, number: int, body: bytes, length: int | None = None) -> bytes:
    """A frame whose header need not be true."""
    return wire.HEADER.pack(kind, number, len(body) if length is None else length) + body


def text(number: int, body: str) -> bytes:
    """A JSON frame with this text."""
    return frame(wire.JSON, number, body.encode("utf-8", "surrogatepass"))


def progress(progress_value: Any) -> Callable[[Any, Reply], Iterable[bytes]]:
    """Progress of some kind, and the right reply after it."""
    return lambda request, reply: [
        wire.pack(wire.JSON, request.number, {"progress": progress_value}),
        answer(request, reply),
    ]


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


def reply_text(request: Any, value: str) -> bytes:
    """A reply whose one key has this JSON text as its value."""
    return text(request.number, f'{{"reply": {{"changed": false, "ping": {value}}}}}')


def flood(request: Any, reply: Reply) -> Iterator[bytes]:
    """A frame of 4 GiB, of which a part comes."""
    yield wire.HEADER.pack(wire.JSON, request.number, 0xFFFFFFFF)
    for _ in range(2048):
        yield b" " * 65536


def many(request: Any, reply: Reply) -> Iterator[bytes]:
    """Valid frames without an end."""
    for number in range(200_000):
        yield wire.pack(wire.JSON, request.number, {"progress": {"what": "x" * 2000, "done": number, "total": 1}})


SAID: Mapping[str, Callable[[Any, Reply], Iterable[bytes]]] = {
    "length-4g": flood,
    "progress-many": many,
    "progress-word": progress({"what": "x", "done": "x", "total": 1}),
    "progress-list": progress([1, 2]),
    "progress-bare": progress({}),
    "progress-none": progress(None),
    "progress-deep": progress({"what": [["x"]], "done": {}, "total": []}),
    "progress-huge": progress({"what": "x", "done": 10**400, "total": -1}),
    "progress-minus": progress({"what": "x" * 100_000, "done": -5, "total": -7}),
    "progress-nan": lambda request, reply: [
        text(request.number, '{"progress": {"what": "x", "done": NaN, "total": Infinity}}'),
        answer(request, reply),
    ],
    "reply-none": lambda request, reply: [answer(request, None)],
    "reply-list": lambda request, reply: [answer(request, [reply])],
    "reply-word": lambda request, reply: [answer(request, "pong")],
    "reply-number": lambda request, reply: [answer(request, 7)],
    "reply-empty": lambda request, reply: [answer(request, {})],
    "frame-empty": lambda request, reply: [text(request.number, "{}")],
    "frame-list": lambda request, reply: [text(request.number, "[1]")],
    "frame-bare": lambda request, reply: [text(request.number, "")],
    "deep-list": lambda request, reply: [reply_text(request, deep(100_000))],
    "deep-object": lambda request, reply: [reply_text(request, '{"a":' * 50_000 + "1" + "}" * 50_000)],
    "deep-900": lambda request, reply: [reply_text(request, deep(900))],
    "no-json": lambda request, reply: [frame(wire.JSON, request.number, b"\xff\xfe{]")],
    "cut-json": lambda request, reply: [text(request.number, '{"reply": {')],
    "nan": lambda request, reply: [reply_text(request, "NaN")],
    "big-number": lambda request, reply: [reply_text(request, "9" * 10_000)],
    "surrogate": lambda request, reply: [reply_text(request, '"\\ud800"')],
    "twice": lambda request, reply: [answer(request, reply), answer(request, reply)],
    "unknown-number": lambda request, reply: [wire.pack(wire.JSON, 4711, {"reply": reply})],
    "number-0": lambda request, reply: [wire.pack(wire.JSON, 0, {"reply": reply})],
    "ahead": lambda request, reply: [
        wire.pack(wire.JSON, request.number + 1, {"reply": reply}),
        answer(request, reply),
    ],
    "data": lambda request, reply: [wire.pack(wire.DATA, request.number, b"x" * 1000)],
    "kind-x": lambda request, reply: [frame(b"X", request.number, b"{}")],
    "noise": lambda request, reply: [b"\0" * 100_000],
    "want-nothing": lambda request, reply: [
        wire.pack(wire.JSON, request.number, {"want": None}),
        answer(request, reply),
    ],
    "want-list": lambda request, reply: [
        wire.pack(wire.JSON, request.number, {"want": ["content"]}),
        answer(request, reply),
    ],
    "want-none": lambda request, reply: [
        wire.pack(wire.JSON, request.number, {"want": "content"}),
        answer(request, reply),
    ],
    "hello-again": lambda request, reply: [wire.pack(wire.JSON, 0, {"hello": {}}), answer(request, reply)],
}


def gone(pieces: Callable[[Any, Reply], Iterable[bytes]]) -> Callable[[Any, Reply], Iterator[bytes]]:
    """The pieces, and then the end of the connection's channel."""

    def say(request: Any, reply: Reply) -> Iterator[bytes]:
        yield from pieces(request, reply)
        raise EOFError

    return say


CUT: Mapping[str, Callable[[Any, Reply], Iterator[bytes]]] = {
    "eof": gone(lambda request, reply: []),
    "eof-in-header": gone(lambda request, reply: [answer(request, reply)[:4]]),
    "eof-in-body": gone(lambda request, reply: [answer(request, reply)[:-3]]),
    "eof-after-reply": gone(lambda request, reply: [answer(request, reply)]),
}


def all_malices(module: str) -> dict[str, Malice]:
    """A malice by name for each of the above, in the replies of a module."""
    sayings = {name: Say(pieces, module) for name, pieces in {**SAID, **CUT}.items()}
    return {**sayings, **{f"key-{key.replace('_', '-')}": wrong(key) for key in READ_KEYS}}
