"""The conditions of a task: may it run, did it change something, did it fail, is it done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mooring.errors import TemplateError
from mooring.playbook.tasks import Task
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables


def unmet(conditions: Iterable[Any], templar: Templar, variables: Variables) -> str | None:
    """The first condition that does not hold, None when all do."""
    for condition in conditions:
        if not templar.condition(condition, variables):
            return str(condition)
    return None


def apply_conditions(task: Task, values: dict[str, Any], templar: Templar, known: Callable[[], Variables]) -> None:
    """Apply changed_when, then failed_when to the values; `known` gives variables that know them as
    they are now.

    A judgment that cannot be made is a failure, but what the task returned is kept beside it. What
    was skipped did nothing that could be judged.
    """
    if values.get("skipped"):
        return
    word = "changed"
    try:
        if task.changed_when:
            values["changed"] = unmet(task.changed_when, templar, known()) is None
        word = "failed"
        if task.failed_when:
            values["failed"] = values["failed_when_result"] = unmet(task.failed_when, templar, known()) is None
    except TemplateError as error:
        values.update({"failed": True, "msg": str(error), f"{word}_when_result": str(error)})


def enrich(values: dict[str, Any]) -> dict[str, Any]:
    """The values as `register` keeps them: `failed` is always there, and lines beside texts."""
    full = {"changed": False, "failed": False, **values}
    for stream in ("stdout", "stderr"):
        if isinstance(full.get(stream), str):
            full.setdefault(f"{stream}_lines", full[stream].splitlines())
    return full
