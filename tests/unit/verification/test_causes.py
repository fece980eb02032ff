"""Failures by their root cause: what is one, and what an earlier one explains."""

from __future__ import annotations

from mooring.records.causes import Causes
from mooring.verification.findings import HOST, NAME, REGISTRY, SETTING, TCP, Finding


def count(*failures: tuple[str, Finding] | tuple[str, Finding, bool]) -> list[int]:
    """How many failed checks each cause has, in their order."""
    causes = Causes()
    for failure in failures:
        causes.take(*failure)
    return [cause.checks for cause in causes.all]


def test_a_container_that_is_down_explains_every_clients_failure_behind_it() -> None:
    down = Finding(REGISTRY, "container mooring-registry does not run", explains=(REGISTRY,))
    behind = [(f"client{n}", Finding(REGISTRY, f"http://name{n}.example.com/v2/: 502")) for n in range(140)]
    assert count(("server", down), *behind) == [141]
    assert count(("server", down), ("client1", Finding(TCP, "refused"))) == [1, 1]


def test_one_sentence_about_many_hosts_and_names_is_one_cause() -> None:
    message = "registry.example.com resolves to 10.0.0.{0}, not to 192.0.2.10"
    assert count(*((f"client{n}", Finding(NAME, message.format(n))) for n in range(9))) == [9]
    assert count(("a", Finding(NAME, message)), ("a", Finding(NAME, message.replace("registry.", "docker.")))) == [2]
    pulls = ["registry.example.com/proof-0123456789ab-1:proof: x509", "proof-0123456789ab-22:proof: x509"]
    assert count(*(("a", Finding(TCP, f"docker pull {pull}")) for pull in pulls)) == [2]


def test_a_host_named_in_its_own_sentence() -> None:
    message = "port 5000 takes connections from {0}, past nginx"
    assert count(*((name, Finding(REGISTRY, message.format(name))) for name in ("web1", "db-2"))) == [2]


def test_different_sentences_of_one_layer_are_different_causes() -> None:
    mirror, insecure = Finding(SETTING, "the mirror is missing"), Finding(SETTING, "it is not insecure")
    assert count(("a", mirror), ("a", insecure), ("b", insecure)) == [1, 2]


def test_a_pull_fails_for_what_the_check_of_its_host_found() -> None:
    mirror, pull = Finding(SETTING, "the mirror is missing"), Finding(SETTING, "docker pull: not found")
    assert count(("a", mirror), ("a", pull, True)) == [2]
    assert count(("a", mirror), ("b", pull, True)) == [1, 1]
    assert count(("a", mirror), ("a", pull)) == [1, 1]
    assert count(("a", mirror), ("a", Finding(TCP, "refused"), True)) == [1, 1]


def test_unreachable_hosts_are_one_cause_where_the_reason_is_one() -> None:
    reasons = [f"192.0.2.{n} port 22 refuses the connection" for n in range(3)]
    assert count(*((f"client{n}", Finding(HOST, reason)) for n, reason in enumerate(reasons))) == [3]
