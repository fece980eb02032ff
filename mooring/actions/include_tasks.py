"""Run the tasks of another file here; the file may depend on variables."""

from __future__ import annotations

from mooring.actions.call import Call, Reply
from mooring.actions.effects import EFFECT, Include
from mooring.playbook.loading import MAX_IMPORTS, load_file
from mooring.playbook.tasks import Context, Task
from mooring.templating.templar import is_template

ARGS = {"file": {"type": "path", "required": True}}
FREE_FORM = "file"
INCLUDES = True


def check(task: Task, context: Context) -> None:
    """A file that is named plainly is read now, so that a mistake in it is found before
    any host is touched."""
    if is_template(task.args["file"]):
        return
    path = context.find(str(task.args["file"]), "tasks", task.where)
    # What goes deeper is read when the run comes to it.
    if path not in context.loading.including and len(context.loading.including) <= MAX_IMPORTS:
        load_file(path, context, task.keywords)


def run(call: Call) -> Reply:
    """The file to include; the walker goes through its tasks."""
    path = call.find(call.args["file"], "tasks")
    return {"changed": False, "include": str(path), EFFECT: Include(path)}
