"""The proof: every client pulls its own image by every route, and nginx's access log
has seen it do so."""

from __future__ import annotations

from mooring.verification.findings import expect
from mooring.verification.member import Member
from mooring.verification.proof import Pull
from mooring.verification.trial import Trial

hosts = "clients"


def test_pull(member: Member, pull: Pull, trial: Trial) -> None:
    """The image is pulled through the registry's nginx"""
    expect(trial.findings[pull])
