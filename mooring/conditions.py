"""The conditions of a task: may it run, did it change something, did it fail, is it done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mooring.blocks import Task
from mooring.templating import Templar
from mooring.variables import Variables


def unmet(conditions: Iterable[Any], templar: Templar, variables: Variables) -> str | None:
    """The first condition that does not hold, None when all do."""
    for condition in conditions:
        if not templar.condition(condition, variables):
            return str(condition)
    return None


def judge(task: Task, values: dict[str, Any], templar: Templar, variables: Variables) -> dict[str, Any]:
    """The values with changed_when and failed_when applied; `variables` know the result by its name."""
    judged = dict(values)
    if task.changed_when:
        judged["changed"] = unmet(task.changed_when, templar, variables) is None
    if task.failed_when:
        failed = unmet(task.failed_when, templar, variables) is None
        judged["failed"] = failed
        judged["failed_when_result"] = failed
    return judged


def enrich(values: dict[str, Any]) -> dict[str, Any]:
    """The values as `register` keeps them: `failed` is always there, and lines beside texts."""
    full = {"changed": False, "failed": False, **values}
    for stream in ("stdout", "stderr"):
        if isinstance(full.get(stream), str):
            full.setdefault(f"{stream}_lines", full[stream].splitlines())
    return full
