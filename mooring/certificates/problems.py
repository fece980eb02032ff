"""What is wrong with a registry's certificate, in words: its names, its dates, its
authority, its key. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mooring.certificates.chain import Chain, describe, find_chains, is_signed_with_sha1
from mooring.certificates.names import find_common_name, find_names, is_for

NAMES, EXPIRY, TRUST = "certificate-names", "certificate-expiry", "certificate-trust"
SOON = timedelta(days=30)
# Of a certificate's names in a message.
MOST_NAMES = 10


@dataclass(frozen=True)
class Problem:
    """What breaks a rule; `is_error` where clients refuse it now, otherwise some do, or will soon.

    `ca_file` names the authority's file that it is about, "" where it is about the certificate.
    """

    rule: str
    seen: str
    remedy: str
    is_error: bool = True
    ca_file: str = ""


@dataclass(frozen=True)
class Judgement:
    """The problems of a certificate; `valid_until` is that of the whole chain that clients
    build."""

    problems: tuple[Problem, ...]
    names: tuple[str, ...]
    missing_names: tuple[str, ...]
    valid_until: datetime

    def of(self, rule: str) -> list[Problem]:
        """The problems by which a rule is broken."""
        return [problem for problem in self.problems if problem.rule == rule]

    @property
    def is_trusted(self) -> bool:
        return not any(problem.is_error for problem in self.of(TRUST))


def check_certificate(
    served: Sequence[x509.Certificate],
    names: Sequence[str],
    authorities: Mapping[str, Sequence[x509.Certificate]],
    now: datetime,
) -> Judgement:
    """`served` as nginx sends it, the server's own first; `authorities` are what clients trust it
    by, by their file."""
    problems: list[Problem] = []
    best: list[Chain] = []
    for file, known in authorities.items():
        chains, why = find_chains(served, known)
        if chains:
            best.append(max(chains, key=lambda chain: (_is_valid(chain, now), _until(chain))))
        else:
            remedy = "give the clients the authority that has signed it, or append its intermediates to the file"
            problems.append(
                Problem(TRUST, f"no authority that the clients get has signed it: {why}", remedy, True, file)
            )
    chains = best or [(served[0],)]
    missing = tuple(name for name in names if not is_for(served[0], name))
    problems = [
        *_judge_names(served[0], missing),
        *problems,
        *(problem for chain in chains for problem in _judge_dates(chain, now)),
        *(problem for chain in best if is_signed_with_sha1(chain) for problem in [SHA1]),
    ]
    return Judgement(
        tuple(dict.fromkeys(problems)),
        tuple(find_names(served[0]) or ()),
        missing,
        min(map(_until, chains)),
    )


SHA1 = Problem(
    TRUST,
    "it is signed with SHA-1, which engines that were built with Go 1.18 or newer refuse",
    "have it signed with SHA-256",
    is_error=False,
)


def _judge_names(leaf: x509.Certificate, missing: Sequence[str]) -> Iterator[Problem]:
    if not missing:
        return
    names = find_names(leaf)
    if names is None:
        common = find_common_name(leaf)
        has = f'it has no subjectAltName (its CN "{common}" does not count)' if common else "it has no subjectAltName"
    else:
        has = f"it has only {', '.join(names[:MOST_NAMES])}" if names else "it has none"
    remedy = "have it issued for every name in registry_names, as subjectAltName"
    yield Problem(NAMES, f"it is not for {', '.join(missing)}: {has}", remedy)


def _judge_dates(chain: Chain, now: datetime) -> Iterator[Problem]:
    for number, certificate in enumerate(chain):
        subject = "it" if number == 0 else f'"{describe(certificate)}", which has signed it,'
        remedy = "renew it, and provision" if number == 0 else "renew this authority, and what it has signed"
        if now > certificate.not_valid_after_utc:
            yield Problem(EXPIRY, f"{subject} expired on {_day(certificate.not_valid_after_utc)}", remedy)
        elif now < certificate.not_valid_before_utc:
            seen = f"{subject} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            yield Problem(EXPIRY, seen, "wait, or set the clock right")
        elif certificate.not_valid_after_utc - now < SOON:
            left = count_days(certificate.not_valid_after_utc, now)
            seen = (
                f"{subject} expires on {_day(certificate.not_valid_after_utc)}, in {left} day{'s' if left != 1 else ''}"
            )
            yield Problem(EXPIRY, seen, remedy, is_error=False)


def count_days(until: datetime, now: datetime) -> int:
    """Whole days left; negative where it is over."""
    return (until - now).days


def find_key_problem(served: Sequence[x509.Certificate], key: str) -> str:
    """Why the private key (PEM) does not go with the first certificate; "" where it does."""
    public = _bytes(load_pem_private_key(key.encode("utf-8"), password=None).public_key())
    if public == _bytes(served[0].public_key()):
        return ""
    if any(public == _bytes(certificate.public_key()) for certificate in served[1:]):
        return "it belongs to another certificate of the file than the first; the registry's own must come first"
    return f'it does not belong to the certificate "{describe(served[0])}"'


def _bytes(key: object) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, form)  # type: ignore[attr-defined]
    return encoded


def _is_valid(chain: Chain, now: datetime) -> bool:
    return all(certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc for certificate in chain)


def _until(chain: Chain) -> datetime:
    return min(certificate.not_valid_after_utc for certificate in chain)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
