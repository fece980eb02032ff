"""Fail unless all conditions hold."""

from __future__ import annotations

from mooring.actions.call import Call, Reply
from mooring.playbook.tasks import Context, Task

ARGS = {
    # Not a list: that would cut a lone condition at its commas.
    "that": {"type": "raw", "required": True},
    "fail_msg": {"type": "raw", "aliases": ["msg"]},
    "success_msg": {"type": "raw"},
    "quiet": {"type": "bool", "default": False},
}


def check(task: Task, context: Context) -> None:
    """The conditions are expressions: parse them while loading."""
    context.templar.check_condition(task.args["that"], task.where)


def run(call: Call) -> Reply:
    """The first condition that does not hold is named."""
    that = call.args["that"]
    for condition in that if isinstance(that, list) else [that]:
        if not call.context.templar.condition(condition, call.variables):
            message = call.args["fail_msg"] or f"Assertion failed: {condition}"
            if isinstance(message, list):
                message = "\n".join(map(str, message))
            values = {"assertion": str(condition), "evaluated_to": False}
            return {"failed": True, "changed": False, "msg": message, **values}
    return {"changed": False, "msg": call.args["success_msg"] or "All assertions passed"}
