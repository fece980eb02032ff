"""All rules over containerd's configuration."""

from __future__ import annotations

from mooring.engines.containerd import conflicts
from mooring.engines.containerd.config import Effective
from mooring.engines.docker.conflicts import Conflict
from mooring.engines.docker.rules import ORDER


def find_conflicts(effective: Effective) -> list[Conflict]:
    """Every conflict, the gravest first."""
    problems = [conflict for rule in conflicts.RULES for conflict in rule(effective)]
    return sorted(problems, key=lambda conflict: ORDER.index(conflict.severity))
