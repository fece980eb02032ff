"""The return values of a task as its parts read them: what `register` keeps, what a failure is,
what it comes to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mooring.errors import TemplateError
from mooring.results import Outcome


def public(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those that only reporters are told, whose names begin with an
    underscore."""
    visible = {name: value for name, value in values.items() if not name.startswith("_")}
    if "results" in visible and isinstance(visible["results"], list):
        visible["results"] = [public(result) if isinstance(result, dict) else result for result in visible["results"]]
    return visible


def failure(error: Exception) -> dict[str, Any]:
    """The values of a task that could not be tried, or not be finished, for a reason on this
    side."""
    return {"failed": True, "msg": str(error)}


def says_failed(values: Mapping[str, Any]) -> bool:
    """Whether the task failed; as in Ansible `failed_when` has the last word, also over an `until`
    that never held."""
    return bool(values.get("failed_when_result", values.get("failed")))


def outcome_of(values: Mapping[str, Any], is_failed: bool, is_ignored: bool) -> Outcome:
    """The outcome that return values mean."""
    if values.get("unreachable"):
        return Outcome.UNREACHABLE
    if is_failed:
        return Outcome.IGNORED if is_ignored else Outcome.FAILED
    if values.get("skipped"):
        return Outcome.SKIPPED
    return Outcome.CHANGED if values.get("changed") else Outcome.OK


def as_number(value: Any, keyword: str) -> float:
    """A rendered number of a keyword, never below zero."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise TemplateError(f'{keyword} must be a number, not "{value}"', getattr(value, "where", None))
    return max(0.0, number)
