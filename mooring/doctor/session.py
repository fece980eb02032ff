"""All rules on one host, and what they come to."""

from __future__ import annotations

from mooring.doctor import engine, leftovers, server
from mooring.doctor.finding import merge
from mooring.fleet.site import CLIENT_ROLE, SERVER_ROLE
from mooring.fleet.status import checkup_of
from mooring.fleet.survey import FleetHost, LookFailed, Lost
from mooring.records.diagnosis import Diagnosis

OK, BROKEN, UNREACHABLE = 0, 2, 4


def examine(host: FleetHost) -> Diagnosis:
    """All rules on one host."""
    facts = None
    try:
        checkup = checkup_of(host)
        findings, facts = list(engine.examine(checkup, CLIENT_ROLE in host.roles)), engine.facts(checkup)
    except LookFailed as failed:
        findings = list(engine.judge_unit(failed.reply))
        if not findings:
            raise
    findings += leftovers.look(host)
    if SERVER_ROLE in host.roles:
        findings += server.examine(host)
    return Diagnosis(host.name, merge(findings), facts)


def settle(name: str, outcome: Diagnosis | Lost) -> Diagnosis:
    """A host in trouble is a diagnosis too."""
    if isinstance(outcome, Lost):
        return Diagnosis(name, trouble=outcome.reason, is_unreachable=outcome.is_unreachable)
    return outcome


def exit_status(diagnoses: list[Diagnosis]) -> int:
    """Unreachable hosts outrank broken ones; warnings are not failures."""
    if any(diagnosis.is_unreachable for diagnosis in diagnoses):
        return UNREACHABLE
    return BROKEN if any(diagnosis.is_broken for diagnosis in diagnoses) else OK
