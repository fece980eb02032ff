"""A host's findings, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterable

from mooring.records.diagnosis import Finding, Verdict


def merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Where a rule holds everywhere that is said once; what is wrong is said each time,
    the gravest first."""
    gathered = list(findings)
    wrong = {finding.rule for finding in gathered if finding.verdict is not Verdict.HOLDS}
    holding: dict[str, list[str]] = {}
    for finding in gathered:
        if finding.verdict is Verdict.HOLDS and finding.rule not in wrong:
            holding.setdefault(finding.rule, []).append(finding.seen)
    holds = [Finding(rule, Verdict.HOLDS, "; ".join(dict.fromkeys(seen))) for rule, seen in holding.items()]
    order = list(Verdict)[::-1]
    rest = [finding for finding in gathered if finding.verdict is not Verdict.HOLDS]
    return (*sorted(dict.fromkeys(rest), key=lambda finding: order.index(finding.verdict)), *holds)
