"""The actions' own files: found by the action's name, imported when a task is read or run."""

from __future__ import annotations

import importlib
from types import ModuleType

from mooring.playbook import arguments
from mooring.playbook.tasks import Context, Task


def find_action(name: str) -> ModuleType | None:
    """The Python module of an action, None where the work is wholly on the host."""
    return importlib.import_module(f"mooring.actions.{name}") if arguments.has_action(name) else None


def check_action(task: Task, context: Context) -> None:
    """Let an action look at its files now: a task that names a missing template is
    wrong before it runs."""
    action = find_action(task.action)
    if action is not None and hasattr(action, "check"):
        action.check(task, context)
