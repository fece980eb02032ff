"""All rules on one host, and what they come to."""

from __future__ import annotations

from mooring.doctor import engine, leftovers, server
from mooring.doctor.finding import merge
from mooring.fleet.site import CLIENT_ROLE, SERVER_ROLE
from mooring.fleet.status import checkup_of
from mooring.fleet.survey import LookFailed, Lost, Visit
from mooring.records.diagnosis import Diagnosis

OK, BROKEN, UNREACHABLE = 0, 2, 4


def examine(visit: Visit) -> Diagnosis:
    """All rules on one host."""
    facts = None
    try:
        one = checkup_of(visit)
        findings, facts = list(engine.examine(one, CLIENT_ROLE in visit.roles)), engine.facts(one)
    except LookFailed as failed:
        findings = list(engine.judge_unit(failed.reply))
        if not findings:
            raise
    findings += leftovers.look(visit)
    if SERVER_ROLE in visit.roles:
        findings += server.examine(visit)
    return Diagnosis(visit.name, merge(findings), facts)


def settle(name: str, found: Diagnosis | Lost) -> Diagnosis:
    """A host in trouble is a diagnosis too."""
    if isinstance(found, Lost):
        return Diagnosis(name, trouble=found.reason, is_unreachable=found.is_unreachable)
    return found


def exit_status(found: list[Diagnosis]) -> int:
    """Unreachable hosts say more than broken ones, so they win; warnings are no failure."""
    if any(one.is_unreachable for one in found):
        return UNREACHABLE
    return BROKEN if any(one.is_broken for one in found) else OK
