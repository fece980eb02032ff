"""Connect again after a change of an engine whose answer was lost, and say how it ended."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from mooring.actions.call import Call, Reply
from mooring.errors import HostUnreachable

# How long a host may be out of reach before the question is given up; how long a guard may take
# after the deadline.
RECONNECT_SECONDS = 60.0
GUARD_SECONDS = 150
PAUSE = 1.0


def find_out(call: Call, arguments: Mapping[str, Any], lost: HostUnreachable) -> Reply:
    """The reply in place of the lost one of `docker_settings`; HostUnreachable where the host
    cannot be asked."""
    seconds = int(arguments["seconds"]) + GUARD_SECONDS
    query = {
        **{name: arguments[name] for name in ("service", "engine") if name in arguments},
        "files": list(outcomes(arguments)),
        "seconds": seconds,
    }
    reply = ask_again(call, query)
    if reply is None or reply.get("failed"):
        raise type(lost)(
            f"{lost.reason}; the host brings the old configuration back by itself within {seconds} seconds, or when "
            "it boots again, unless it had already settled for the new one"
        ) from lost
    result = {"configuration": reply.get("configuration", ""), "warnings": reply.get("warnings", [])}
    if result["configuration"] == "new" and not reply["is_open"]:
        message = f"{lost.reason.splitlines()[0]}, but the change was made: the new configuration is in force"
        return {**result, "changed": True, "msg": message}
    return {
        **result,
        "changed": False,
        "failed": True,
        "msg": f"{lost.reason.splitlines()[0]}; {describe(arguments, reply)}",
    }


def ask_again(call: Call, query: Mapping[str, Any]) -> Reply | None:
    """What the host says over a new connection; None where none can be had."""
    limit = time.monotonic() + RECONNECT_SECONDS
    while True:
        call.renew()
        try:
            return call.module("docker_settled", query)
        except HostUnreachable:
            if time.monotonic() > limit:
                return None
            call.wait(PAUSE)


def describe(arguments: Mapping[str, Any], reply: Mapping[str, Any]) -> str:
    """Which configuration is in force, and whether the engine works with it."""
    service = arguments.get("service", "docker")
    if reply["is_open"]:
        return "nobody on the host has finished or undone the change: the next run will undo it first, or the next boot"
    words = {
        "old": "the host has brought the old configuration back by itself",
        "new": "the new configuration is in force",
    }
    outcome = words.get(
        reply.get("configuration", ""), "the files are neither the old nor the new ones: somebody else changed them"
    )
    return f"{outcome}; {service} {'answers' if reply.get('answers') else 'DOES NOT ANSWER'}"


def outcomes(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each file with its digest before the plan and after it."""
    before = {file["path"]: file["sha1"] for file in arguments["before"]}
    after: dict[str, str | None] = {}
    for step in arguments["steps"]:
        after.update({file["path"]: file.get("text") for file in step["files"]})
    for path, text in after.items():
        yield {"path": path, "old": before.get(path), "new": None if text is None else digest(text)}


def digest(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
