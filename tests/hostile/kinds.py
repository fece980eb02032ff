"""Replies of the wrong kind, and frames that are none: what a broken or hostile host may say in place of an answer."""

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
    return Edit(lambda asked, reply: {**reply, key: next(values)})


def frame(kind: bytes, number: int, body: bytes, length: int | None = None) -> bytes:
    """A frame whose header need not be true."""
    return wire.HEADER.pack(kind, number, len(body) if length is None else length) + body


def text(number: int, body: str) -> bytes:
    """A JSON frame with this text."""
    return frame(wire.JSON, number, body.encode("utf-8", "surrogatepass"))


def progress(told: Any) -> Callable[[Any, Reply], Iterable[bytes]]:
    """Progress of some kind, and the right reply after it."""
    return lambda asked, reply: [wire.pack(wire.JSON, asked.number, {"progress": told}), answer(asked, reply)]


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


def reply_text(asked: Any, value: str) -> bytes:
    """A reply whose one key has this JSON text as its value."""
    return text(asked.number, f'{{"reply": {{"changed": false, "ping": {value}}}}}')


def flood(asked: Any, reply: Reply) -> Iterator[bytes]:
    """A frame of 4 GiB, of which a part comes."""
    yield wire.HEADER.pack(wire.JSON, asked.number, 0xFFFFFFFF)
    for _ in range(2048):
        yield b" " * 65536


def many(asked: Any, reply: Reply) -> Iterator[bytes]:
    """Valid frames without an end."""
    for number in range(200_000):
        yield wire.pack(wire.JSON, asked.number, {"progress": {"what": "x" * 2000, "done": number, "total": 1}})


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
    "progress-nan": lambda asked, reply: [
        text(asked.number, '{"progress": {"what": "x", "done": NaN, "total": Infinity}}'),
        answer(asked, reply),
    ],
    "reply-none": lambda asked, reply: [answer(asked, None)],
    "reply-list": lambda asked, reply: [answer(asked, [reply])],
    "reply-word": lambda asked, reply: [answer(asked, "pong")],
    "reply-number": lambda asked, reply: [answer(asked, 7)],
    "reply-empty": lambda asked, reply: [answer(asked, {})],
    "frame-empty": lambda asked, reply: [text(asked.number, "{}")],
    "frame-list": lambda asked, reply: [text(asked.number, "[1]")],
    "frame-bare": lambda asked, reply: [text(asked.number, "")],
    "deep-list": lambda asked, reply: [reply_text(asked, deep(100_000))],
    "deep-object": lambda asked, reply: [reply_text(asked, '{"a":' * 50_000 + "1" + "}" * 50_000)],
    "deep-900": lambda asked, reply: [reply_text(asked, deep(900))],
    "no-json": lambda asked, reply: [frame(wire.JSON, asked.number, b"\xff\xfe{]")],
    "cut-json": lambda asked, reply: [text(asked.number, '{"reply": {')],
    "nan": lambda asked, reply: [reply_text(asked, "NaN")],
    "big-number": lambda asked, reply: [reply_text(asked, "9" * 10_000)],
    "surrogate": lambda asked, reply: [reply_text(asked, '"\\ud800"')],
    "twice": lambda asked, reply: [answer(asked, reply), answer(asked, reply)],
    "unknown-number": lambda asked, reply: [wire.pack(wire.JSON, 4711, {"reply": reply})],
    "number-0": lambda asked, reply: [wire.pack(wire.JSON, 0, {"reply": reply})],
    "ahead": lambda asked, reply: [wire.pack(wire.JSON, asked.number + 1, {"reply": reply}), answer(asked, reply)],
    "data": lambda asked, reply: [wire.pack(wire.DATA, asked.number, b"x" * 1000)],
    "kind-x": lambda asked, reply: [frame(b"X", asked.number, b"{}")],
    "noise": lambda asked, reply: [b"\0" * 100_000],
    "want-nothing": lambda asked, reply: [wire.pack(wire.JSON, asked.number, {"want": None}), answer(asked, reply)],
    "want-list": lambda asked, reply: [wire.pack(wire.JSON, asked.number, {"want": ["content"]}), answer(asked, reply)],
    "want-none": lambda asked, reply: [wire.pack(wire.JSON, asked.number, {"want": "content"}), answer(asked, reply)],
    "hello-again": lambda asked, reply: [wire.pack(wire.JSON, 0, {"hello": {}}), answer(asked, reply)],
}


def gone(pieces: Callable[[Any, Reply], Iterable[bytes]]) -> Callable[[Any, Reply], Iterator[bytes]]:
    """The pieces, and then the end of the connection's channel."""

    def say(asked: Any, reply: Reply) -> Iterator[bytes]:
        yield from pieces(asked, reply)
        raise EOFError

    return say


CUT: Mapping[str, Callable[[Any, Reply], Iterator[bytes]]] = {
    "eof": gone(lambda asked, reply: []),
    "eof-in-header": gone(lambda asked, reply: [answer(asked, reply)[:4]]),
    "eof-in-body": gone(lambda asked, reply: [answer(asked, reply)[:-3]]),
    "eof-after-reply": gone(lambda asked, reply: [answer(asked, reply)]),
}


def all_malices(module: str) -> dict[str, Malice]:
    """A malice by name for each of the above, in the replies of a module."""
    said = {name: Say(pieces, module) for name, pieces in {**SAID, **CUT}.items()}
    return {**said, **{f"key-{key.replace('_', '-')}": wrong(key) for key in READ_KEYS}}
