"""Frames between the control side and the agent; imported by both, so there is one protocol.

A frame is a header of 9 bytes (kind: 1 byte; request number and length: unsigned 32-bit, big-endian) and a body.
JSON frames carry one object, DATA frames raw bytes of a file; an empty DATA frame ends a file. Every frame
carries the number of the request that it belongs to, so requests may be sent ahead of the replies.
"""

from __future__ import absolute_import, division, print_function

import json
import struct

JSON = b"J"
DATA = b"D"
MARKER = b"\0\0MOORING-AGENT-1\n"
CHUNK = 256 * 1024
HEADER = struct.Struct(">cII")


class EndOfStream(Exception):
    """The other side closed the stream."""


def pack(kind, number, body):
    """One frame as bytes; a JSON body is an object, a DATA body is bytes."""
    if kind == JSON:
        body = json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return HEADER.pack(kind, number, len(body)) + body


def unpack(read):
    """The next frame as (kind, number, body); `read(n)` returns exactly n bytes or raises EndOfStream."""
    kind, number, length = HEADER.unpack(read(HEADER.size))
    body = read(length) if length else b""
    return kind, number, json.loads(body.decode("ascii")) if kind == JSON else body
