"""A host's findings, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterable

from mooring.records.diagnosis import Finding, Verdict


def merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Where a rule holds everywhere that is said once; what is wrong is said each time, the gravest first."""
    found = list(findings)
    wrong = {one.rule for one in found if one.verdict is not Verdict.HOLDS}
    holding: dict[str, list[str]] = {}
    for one in found:
        if one.verdict is Verdict.HOLDS and one.rule not in wrong:
            holding.setdefault(one.rule, []).append(one.seen)
    holds = [Finding(rule, Verdict.HOLDS, "; ".join(dict.fromkeys(seen))) for rule, seen in holding.items()]
    order = list(Verdict)[::-1]
    rest = [one for one in found if one.verdict is not Verdict.HOLDS]
    return (*sorted(dict.fromkeys(rest), key=lambda one: order.index(one.verdict)), *holds)
