"""Fail with a message of one's own."""

from __future__ import annotations

from mooring.actions.call import Call, Reply

ARGS = {"msg": {"default": "Failed as requested from task"}}


def run(call: Call) -> Reply:
    """Always a failure."""
    return {"failed": True, "changed": False, "msg": call.args["msg"]}
