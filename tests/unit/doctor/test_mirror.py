"""The doctor's rules about the mirror: none, parts that do not run, upstreams, what is left of
their limits."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from mooring.doctor.mirror import NETWORK_ADDRESS, judge_absence, judge_budget, judge_containers, judge_upstream
from mooring.fleet.mirror_checkup import SWITCHED_OFF
from mooring.records.diagnosis import Finding, Verdict

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)


def budget(line: str) -> list[Finding]:
    return list(judge_budget(line, NOW))


def entry(remaining: object, minutes: float = 5) -> str:
    return json.dumps({"time": (NOW - timedelta(minutes=minutes)).isoformat(), "remaining": remaining})


def test_no_mirror_is_explained_and_breaks_nothing() -> None:
    off = judge_absence(SWITCHED_OFF)
    address = judge_absence("the first of registry_names, 192.0.2.1, is an address")
    assert (off.verdict, address.verdict) == (Verdict.HOLDS, Verdict.UNKNOWN)
    assert "192.0.2.1" in address.seen


def test_a_part_that_does_not_run_is_broken() -> None:
    names = ["mooring-gate", "mooring-mirror-docker-io"]
    assert judge_containers(names, {}).verdict is Verdict.HOLDS
    broken = judge_containers(names, {"mooring-gate": "does not run (exited, exit status 1)"})
    assert (broken.verdict, broken.seen) == (
        Verdict.BREAKS,
        "container mooring-gate does not run (exited, exit status 1)",
    )
    assert "provision-server" in broken.remedy


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.HOLDS),
        (401, Verdict.HOLDS),
        (404, Verdict.HOLDS),
        (429, Verdict.HARMS),
        (502, Verdict.HARMS),
        (503, Verdict.HARMS),
    ],
)
def test_an_upstream_by_the_gates_answer(status: int, verdict: Verdict) -> None:
    finding = judge_upstream("docker.io", ["https://a.example.com", "https://b.example.com"], status)
    assert finding.verdict is verdict
    assert bool(finding.remedy) == (verdict is Verdict.HARMS)
    assert finding.seen.startswith("docker.io ")


@pytest.mark.parametrize(
    ("remaining", "minutes", "verdict"),
    [
        ("76;w=21600", 5, Verdict.HOLDS),
        ("76", 5, Verdict.HOLDS),
        ("20;w=21600", 5, Verdict.HARMS),
        ("0;w=60", 0.5, Verdict.HARMS),
    ],
)
def test_what_is_left_of_a_limit(remaining: str, minutes: float, verdict: Verdict) -> None:
    (finding,) = budget(entry(remaining, minutes))
    assert finding.verdict is verdict
    assert finding.seen.startswith(f"{remaining.partition(';')[0]} pulls")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        "1" * 5000,
        json.dumps({"time": 1, "remaining": "5"}),
        json.dumps({"time": "x", "remaining": "5"}),
        json.dumps({"time": "2026-11-28T12:00:00", "remaining": "5"}),
        entry(5),
        entry("five"),
        entry("5\x1b[31m"),
        entry("9" * 30),
        entry("5;w=60", minutes=2),
    ],
)
def test_what_the_log_says_is_data(line: str) -> None:
    assert budget(line) == []


@pytest.mark.parametrize("address", ["", "127.0.0.1 x", "gate.example.com", "1.2.3.4\n", "[::1]", "-o"])
def test_only_an_address_is_asked(address: str) -> None:
    assert not NETWORK_ADDRESS.fullmatch(address)
    assert NETWORK_ADDRESS.fullmatch("172.18.0.3")
