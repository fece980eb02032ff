"""All rules over one configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mooring.engines.docker import (
    conflicts,
    entries,
    evidence,
    old_engines,
    runtimes,
    signatures,
    text_rules,
    tls,
    type_rules,
    value_rules,
)
from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Effective

Rule = Callable[[Effective], Iterator[Conflict]]
ORDER = tuple(Severity)
OF_VALUES: tuple[Rule, ...] = (
    *type_rules.RULES, *value_rules.RULES, *text_rules.RULES, *runtimes.RULES, *tls.RULES, *entries.RULES,
    *signatures.RULES,
)  # fmt: skip
RULES: tuple[Rule, ...] = (*conflicts.RULES, *OF_VALUES, *old_engines.RULES)
# Which a running daemon says nothing about: they are systemd's.
OF_UNIT: tuple[Rule, ...] = (conflicts.find_unit_faults,)
# Which need flags and file together.
OF_BOTH: tuple[Rule, ...] = (
    conflicts.find_bad_file, conflicts.find_double_settings, runtimes.find_missing_default, *tls.RULES,
)  # fmt: skip


def find_conflicts(effective: Effective) -> list[Conflict]:
    """Every conflict, the gravest first; what the running daemon proves wrong is left out."""
    wrong = _wrong(effective)
    problems = [
        problem
        for problem in _found(RULES, effective)
        if problem.severity is not Severity.STOPS or _name(problem) not in wrong
    ]
    return sorted(problems, key=lambda conflict: ORDER.index(conflict.severity))


def will_start(problems: list[Conflict]) -> bool:
    """Whether the daemon comes up at its next start."""
    return all(conflict.severity is not Severity.STOPS for conflict in problems)


def _found(rules: Iterable[Rule], effective: Effective) -> list[Conflict]:
    return [conflict for rule in rules for conflict in rule(effective)]


def _wrong(effective: Effective) -> set[tuple[str, str]]:
    """What the rules have against the configuration with which the daemon runs."""
    proven = evidence.proven(effective)
    if proven is None:
        return set()
    left_out = OF_UNIT if proven.file.is_there else (*OF_UNIT, *OF_BOTH)
    problems = _found((rule for rule in RULES if rule not in left_out), proven)
    return {_name(conflict) for conflict in problems if conflict.severity is Severity.STOPS}


def _name(conflict: Conflict) -> tuple[str, str]:
    return conflict.rule, conflict.message
