"""All rules over podman's or CRI-O's configuration."""

from __future__ import annotations

from mooring.engines.docker.conflicts import Conflict
from mooring.engines.docker.rules import ORDER
from mooring.engines.podman import conflicts, crio, value_rules
from mooring.engines.podman.effective import Effective


def find_conflicts(effective: Effective) -> list[Conflict]:
    """Every conflict, the gravest first."""
    rules = (*conflicts.RULES, *value_rules.RULES, *crio.RULES)
    problems = [conflict for rule in rules for conflict in rule(effective)]
    return sorted(problems, key=lambda conflict: ORDER.index(conflict.severity))
