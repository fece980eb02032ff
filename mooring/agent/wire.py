"""Frames between the control machine and the agent; imported by both, so there is one protocol.

A frame is a header of 9 bytes (kind: 1 byte; request number and length: unsigned 32-bit,
big-endian) and a body. JSON frames carry one object, DATA frames raw bytes of a file; an empty DATA
frame ends a file. Every frame carries the number of the request that it belongs to, so requests may
be sent ahead of the replies.

A host may send JSON frames only, up to the limits below. The agent keeps them by itself, with a
reply that says so; the control machine does not rely on that.
"""

from __future__ import absolute_import, division, print_function

import json
import re
import struct

JSON = b"J"
DATA = b"D"
MARKER = b"\0\0MOORING-AGENT-1\n"
CHUNK = 256 * 1024
HEADER = struct.Struct(">cII")
# What a host may send in one frame: bytes, levels of lists and objects in each other, values in
# all.
LONGEST = 32 * 1024 * 1024
DEEPEST = 64
MOST_VALUES = 1000000
_BRACKETS = re.compile(br"([\[{]+)|[\]}]+")


class EndOfStream(Exception):
    """The other side closed the stream."""


def encode(body):
    """An object as the body of a JSON frame; ValueError for a number that JSON does not have."""
    return json.dumps(body, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def frame(kind, number, data):
    """One frame around a body of bytes."""
    return HEADER.pack(kind, number, len(data)) + data


def pack(kind, number, body):
    """One frame as bytes; a JSON body is an object, a DATA body is bytes."""
    return frame(kind, number, encode(body) if kind == JSON else body)


def unpack(read):
    """The next frame as (kind, number, body); `read(n)` returns exactly n bytes or raises
    EndOfStream."""
    kind, number, length = HEADER.unpack(read(HEADER.size))
    body = read(length) if length else b""
    return kind, number, json.loads(body.decode("ascii")) if kind == JSON else body


def explain_excess(data):
    """What is too much about the body of a JSON frame (ASCII bytes, not parsed yet);
    empty where nothing is.

    Quick for what is small: only a body that might be too much is looked at closely, in time linear
    to its size.
    """
    if len(data) > LONGEST:
        return "it has %.1f MB, and %d MiB are the limit" % (len(data) / 1e6, LONGEST // (1024 * 1024))
    if data.count(b"[") + data.count(b"{") <= DEEPEST and len(data) <= MOST_VALUES:
        return ""
    bare = _drop_strings(data)
    if bare is None or bare.count(b",") + bare.count(b"[") + bare.count(b"{") > MOST_VALUES:
        return "it has more than %d values" % MOST_VALUES
    return "it is nested deeper than %d levels" % DEEPEST if _is_too_deep(bare) else ""


def _drop_strings(data):
    """The JSON without the contents of its strings; None where there are too many of them."""
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    if plain.count(b'"') > 4 * MOST_VALUES:  # a key and a value have two each
        return None
    return b"".join(plain.split(b'"')[::2])


def _is_too_deep(bare):
    depth = 0
    for match in _BRACKETS.finditer(bare):
        size = match.end() - match.start()
        depth += size if match.group(1) else -size
        if depth > DEEPEST:
            return True
    return False
