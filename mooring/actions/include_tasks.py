"""Run the tasks of another file here; the file may depend on variables."""

from __future__ import annotations

from mooring.blocks import Context, Task
from mooring.call import Call, Reply
from mooring.templating import is_template

ARGS = {"file": {"type": "path", "required": True}}
FREE_FORM = "file"


def check(task: Task, context: Context) -> None:
    """A file that is named plainly must exist."""
    if not is_template(task.args["file"]):
        context.find(str(task.args["file"]), "tasks", task.where)


def run(call: Call) -> Reply:
    """The file to include; the walker goes through its tasks."""
    return {"changed": False, "include": str(call.find(call.args["file"], "tasks"))}
