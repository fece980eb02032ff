"""What a host's frames may say: hello, progress, a wish for content, a reply. Anything
else is malformed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from mooring.agent import wire
from mooring.transport.replies import kind_of

KINDS = ("reply", "progress", "want")
# Of a progress's text, in characters; and the largest count of bytes that anything has.
LONGEST_TEXT = 1000
LARGEST = 2**63
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Malformed(ValueError):
    """A host did not keep to the protocol; the text says which part of what it sent is wrong."""


@dataclass(frozen=True)
class StepProgress:
    """How far a long step is: `done` of `total` (0: unknown)."""

    activity: str
    done: int
    total: int

    @classmethod
    def of(cls, value: Any) -> StepProgress:
        """From a progress frame."""
        if not isinstance(value, dict):
            raise Malformed(f"progress is {kind_of(value)}, not a mapping")
        activity, done, total = value.get("what"), value.get("done"), value.get("total")
        if not isinstance(activity, str):
            raise Malformed(f"progress: what is {kind_of(activity)}, not a string")
        for name, count in (("done", done), ("total", total)):
            if type(count) is not int or not 0 <= count < LARGEST:
                shown = "out of range" if type(count) is int else f"{kind_of(count)}, not a number"
                raise Malformed(f"progress: {name} is {shown}")
        return cls(activity[:LONGEST_TEXT], int(done or 0), int(total or 0))


def parse(data: bytes) -> dict[str, Any]:
    """The object in the body of a JSON frame; Malformed where it is not one, too large, or not
    writable text."""
    excess = wire.explain_excess(data)
    if excess:
        raise Malformed(f"the frame is too large: {excess}")
    try:
        body = _DECODER.decode(data.decode("ascii"))
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the frame is not JSON ({str(error)[:100]})") from None
    if not isinstance(body, dict):
        raise Malformed(f"the frame holds {kind_of(body)}, not a mapping")
    if (b"\\ud" in data or b"\\uD" in data) and _holds_lone_surrogate(body):
        raise Malformed("the frame holds half a character (a lone surrogate)")
    return body


def parse_hello(number: int, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The agent's first message: {"python": "3.6.8", "pid": 4711, "uid": 0}."""
    hello = body.get("hello")
    if number != 0 or not isinstance(hello, dict):
        raise Malformed("the first message is not a hello")
    for name, kind in (("python", str), ("pid", int), ("uid", int)):
        if type(hello.get(name)) is not kind:
            raise Malformed(f"hello: {name} is {kind_of(hello.get(name))}")
    return hello


def name_kind(body: Mapping[str, Any]) -> str:
    """Which of KINDS a message is."""
    if len(body) != 1 or next(iter(body)) not in KINDS:
        names = ", ".join(sorted(body))[:100] or "nothing"
        raise Malformed(f"a message says one of {', '.join(KINDS)}, not {names}")
    if "want" in body and body["want"] != "content":
        raise Malformed("want asks for something other than content")
    return str(next(iter(body)))


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"the frame holds {name}, which is not a number")


def _parse_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Malformed("the frame holds a number out of range")
    return value


def _holds_lone_surrogate(value: Any) -> bool:
    """Whether any text in the value is one that no file and no terminal could be given."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            if LONE_SURROGATE.search(item):
                return True
        elif isinstance(item, dict):
            rest += item.keys()
            rest += item.values()
        elif isinstance(item, list):
            rest += item
    return False


# Made once: json.loads would make one for every frame.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_parse_float)
