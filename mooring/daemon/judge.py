"""All rules over one configuration."""

from __future__ import annotations

from mooring.daemon import conflicts, entries, kinds, old_engines, runtimes, shapes, values
from mooring.daemon.conflicts import Conflict, Severity
from mooring.daemon.effective import Effective

ORDER = tuple(Severity)


def judge(effective: Effective) -> list[Conflict]:
    """Every conflict, the gravest first."""
    of_values = (*shapes.RULES, *values.RULES, *kinds.RULES, *runtimes.RULES, *entries.RULES)
    found = [conflict for rule in (*conflicts.RULES, *of_values, *old_engines.RULES) for conflict in rule(effective)]
    return sorted(found, key=lambda conflict: ORDER.index(conflict.severity))


def will_start(found: list[Conflict]) -> bool:
    """Whether the daemon comes up at its next start."""
    return all(conflict.severity is not Severity.STOPS for conflict in found)
