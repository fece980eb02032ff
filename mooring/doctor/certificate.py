"""The rules about the certificate that nginx serves: its names, its time, and
whether clients trust it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from mooring.certificates.problems import EXPIRY, NAMES, TRUST, Judgement, count_days
from mooring.fleet.served_certificate import Served
from mooring.invocation import invocation
from mooring.records.diagnosis import Finding, Verdict

AGAIN = f"run `{invocation('provision-server')}` with"
REMEDIES = {
    NAMES: f"{AGAIN} an nginx_tls_certificate that is for every name in registry_names",
    EXPIRY: f"{AGAIN} a new nginx_tls_certificate",
    TRUST: f"{AGAIN} an nginx_tls_certificate that registry_client_ca_file has signed, its intermediates behind it",
}


def judge_served(served: Served) -> Iterator[Finding]:
    """All rules at every name; nothing is said to hold of what was not seen."""
    for host, why in served.failures.items():
        yield Finding(NAMES, Verdict.BREAKS, why, f"see nginx's log; {AGAIN} an nginx_tls_certificate for {host}")
    if not served.judgements:
        yield Finding(EXPIRY, Verdict.UNKNOWN, "no certificate was seen")
    yield from (Finding(TRUST, Verdict.UNKNOWN, text, "see the file on the control machine") for text in served.unread)
    for host, judgement in served.judgements.items():
        yield from judge_one(host, judgement, served.authorities)


def judge_one(host: str, judgement: Judgement, authorities: tuple[str, ...]) -> Iterator[Finding]:
    """The rules at one name."""
    for problem in judgement.problems:
        verdict = Verdict.BREAKS if problem.is_error else Verdict.HARMS
        about = f" ({problem.ca_file})" if problem.ca_file else ""
        seen = f"the certificate served at {host}: {problem.seen}{about}"
        yield Finding(problem.rule, verdict, seen, REMEDIES[problem.rule])
    if not judgement.of(NAMES) and judgement.names:
        yield Finding(NAMES, Verdict.HOLDS, f"the certificate served at {host} is for {host}")
    if not judgement.of(EXPIRY):
        left = count_days(judgement.valid_until, datetime.now(timezone.utc))
        yield Finding(EXPIRY, Verdict.HOLDS, f"valid until {judgement.valid_until:%Y-%m-%d}, {left} days more")
    if authorities and not judgement.of(TRUST):
        yield Finding(TRUST, Verdict.HOLDS, f"clients trust it by {', '.join(authorities)}")
