"""`-q` of the commands that look: what needs attention, and one line that sums up."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mooring.records.diagnosis import Diagnosis, Finding, Verdict
from mooring.records.explanation import Difference, Fault, NextBoot, PullExplanation
from mooring.records.fleet import Disk, Row, ServerRecord, Service
from mooring.records.route import Endpoint, Route
from mooring.reporters import diagnosis, explanation, fleet_table

ROUTE = Route(
    (Endpoint("registry", "https://r.example.com", "app", "verified", "the system", "no"),), notes=("a note",)
)
WELL = Row("web1", "docker", "20.10.24", "TLS verified", "-", "none", notes=("asked after Docker Hub",))
DRIFTED = Row("web2", "docker", "20.10.24", "TLS verified", "-", "not provisioned", do="invoke provision-clients")


def server(word: str) -> Row:
    nginx = Service("running" if word == "answers" else word, answers=word == "answers")
    record = ServerRecord(Service("running", answers=True), nginx, disk=Disk("/var/lib/mooring", 100, 50))
    return Row("registry1", "docker", "20.10.24", "-", "-", "none", server=record)


def status(*rows: Row) -> list[str]:
    stream = io.StringIO()
    fleet_table.write_rows(rows, stream, quiet=True)
    return stream.getvalue().splitlines()


def doctor(*diagnoses: Diagnosis) -> list[str]:
    stream = io.StringIO()
    diagnosis.write_text(diagnoses, stream, verbosity=-1)
    return stream.getvalue().splitlines()


def explain(**values: Any) -> list[str]:
    stream = io.StringIO()
    base: dict[str, Any] = {
        "host": "web1", "command": "docker pull", "image": "app", "engine": "docker 20.10.24", "has_daemon": True,
        "now": ROUTE, "later": ROUTE, "faults": (), "differences": (), "stopped": "", "boot": None,
    }  # fmt: skip
    explanation.write_text(PullExplanation(**{**base, **values}), stream, quiet=True)
    return stream.getvalue().splitlines()


def test_a_fleet_that_is_well_is_one_line() -> None:
    assert status(WELL, server("answers")) == ["2 hosts: all as they should be"]


def test_hosts_that_have_drifted() -> None:
    lines = status(WELL, DRIFTED, server("answers"))
    assert not any("web1" in line or "registry1" in line for line in lines)
    assert lines[1].split()[0] == "web2"
    assert "web2: not provisioned; run:" in lines
    assert lines[-1] == "3 hosts: 1 not as it should be"


def test_a_server_in_trouble_that_has_not_drifted() -> None:
    lines = status(WELL, server("exited"))
    assert any(line.startswith("registry1") and "exited" in line for line in lines)
    assert lines[-1] == "2 hosts: 1 not as it should be"


def test_the_doctor_tells_of_broken_rules_alone() -> None:
    well = Diagnosis("web1", (Finding("daemon", Verdict.HOLDS, "it runs"),))
    ill = Diagnosis(
        "web2",
        (Finding("daemon", Verdict.HOLDS, "it runs"), Finding("settings", Verdict.BREAKS, "gone", "run it again")),
        {"engine": "docker 20.10.24", "kind": "docker", "settings": {"live-restore": [{"value": "true"}]}},
    )
    assert doctor(well) == ["1 host: 0 broken, 0 warning, 0 not checked, 1 ok"]
    assert doctor(well, ill, Diagnosis("web3", trouble="no route", is_unreachable=True)) == [
        "web2  docker 20.10.24",
        "  broken       [settings] gone",
        "               remedy: run it again",
        "",
        "web3",
        "  unreachable: no route",
        "",
        "3 hosts: 1 broken, 0 warning, 0 not checked, 2 ok; 1 unreachable",
    ]


def test_a_pull_with_which_nothing_is_wrong_is_one_line() -> None:
    assert explain() == ["docker pull app  on web1, docker 20.10.24: nothing is wrong"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"faults": (Fault("mirror", "ends pulls", "no URL"),)}, "ends pulls  [mirror] no URL"),
        ({"stopped": "the daemon will not start again"}, "the daemon will not start again"),
        ({"differences": (Difference("mirrors", ("a",), ("b",)),)}, "mirrors runs as a, its files say b"),
        ({"now": Route(refusal="all is blocked")}, "nothing is asked: all is blocked"),
        ({"now": None}, "the daemon does not run"),
        ({"boot": NextBoot(("the unit is disabled",), None, (), True)}, "the unit is disabled"),
    ],
)
def test_what_is_wrong_with_a_pull(values: dict[str, Any], text: str) -> None:
    lines = explain(**values)
    assert lines[0] == "docker pull app  on web1, docker 20.10.24"
    assert any(text in line for line in lines)
    assert not any("r.example.com" in line or "a note" in line for line in lines)
