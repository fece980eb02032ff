"""A whole verification through pytest: what the checks in tests/hosts/ say of a fleet in memory."""

from __future__ import annotations

import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from mooring.errors import HostUnreachable
from mooring.records.verification import Summary
from mooring.reporters.verification import ScreenReport
from mooring.verification import session
from mooring.verification import trial as trial_module
from tests.support.verification_run import HOSTS, make_fleet, run, world
from tests.support.verification_world import CONTAINERS, World, container

__all__ = ["world"]


EXITED = {"Running": False, "Status": "exited", "ExitCode": 1}


def test_a_fleet_that_is_well(world: World, tmp_path: Path) -> None:
    status, result = run(make_fleet(world), str(tmp_path / "junit.xml"))
    assert result["exit_status"] == status == 0, result
    assert {name: host["status"] for name, host in result["hosts"].items()} == dict.fromkeys(
        ("server", "client1", "client2"), "ok"
    )
    assert all(host["checks"]["passed"] > 5 for host in result["hosts"].values())
    routes = result["hosts"]["client2"]["routes"]
    assert list(routes) == ["full name registry.example.com", "mirror"]
    assert routes["mirror"]["status"] == "ok"
    assert routes["mirror"]["address"] == "10.0.0.2"
    assert routes["mirror"]["digest"].startswith("sha256:")
    assert result["left_behind"] == result["errors"] == []
    assert world.registry.manifests == {}
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()[0]
    assert (suite.get("name"), suite.get("failures")) == ("mooring", "0")


@pytest.mark.parametrize(
    ("containers", "layer", "words"),
    [
        ({"mooring-registry": None}, "registry", "there is no container mooring-registry"),
        (
            {"mooring-nginx": container("8080/tcp", "0.0.0.0:80", State=EXITED)},
            "HTTP",
            "mooring-nginx does not run (exited, exit status 1)",
        ),
        ({"mooring-nginx": container("8080/tcp", "0.0.0.0:81")}, "TCP", "published at 0.0.0.0:81, not at 0.0.0.0:80"),
        (
            {"mooring-registry": container("5000/tcp", "0.0.0.0:5000")},
            "registry",
            "own port is published at ['0.0.0.0:5000']",
        ),
        (
            {"mooring-nginx": container("8080/tcp", "0.0.0.0:80", NetworkSettings={"Networks": {"bridge": {}}})},
            "HTTP",
            "its networks are bridge; mooring is not among them",
        ),
    ],
)  # fmt: skip
def test_a_server_that_is_not(world: World, containers: dict[str, Any], layer: str, words: str) -> None:
    world.containers = {**CONTAINERS, **containers}
    status, result = run(make_fleet(world, chosen={"server"}))
    assert status == 2
    [failure] = result["hosts"]["server"]["failures"]
    assert failure["layer"] == layer
    assert words in failure["message"]
    assert failure["remedy"]


def test_a_client_whose_engine_lacks_the_mirror(world: World) -> None:
    world.mirrors = ()
    status, result = run(make_fleet(world, chosen={"client1"}))
    assert status == 2
    [failure] = result["hosts"]["client1"]["failures"]
    assert failure["check"] == "The engine has the mirrors, as it says itself"
    assert failure["layer"] == "daemon setting"


def test_a_lower_layer_is_reported_once_and_those_above_are_not_looked_at(world: World) -> None:
    world.layer, world.passes_by = "TCP", True
    status, result = run(make_fleet(world, chosen={"client1"}))
    assert status == 2
    failures = result["hosts"]["client1"]["failures"]
    assert [failure["layer"] for failure in failures] == ["TCP"] * 4
    assert failures[0]["check"].startswith("nginx's port takes connections")
    assert {cell["failure"]["layer"] for cell in result["hosts"]["client1"]["routes"].values()} == {"TCP"}


def test_a_server_that_is_down(world: World) -> None:
    fleet = make_fleet(world, unreachable={"server": "connection refused"})
    fleet.members["server"] = []
    status, result = run(fleet)
    assert status == 4
    assert result["hosts"]["server"]["status"] == "unreachable"
    assert result["hosts"]["server"]["reason"] == "connection refused"
    messages = [cell["failure"]["message"] for cell in result["hosts"]["client1"]["routes"].values()]
    assert messages == ["the registry's server is unreachable, so nothing could be pushed to it"] * 2


def test_a_host_that_is_lost_meanwhile(world: World) -> None:
    def lose(*_: Any) -> Any:
        raise HostUnreachable("the connection broke")

    fleet = make_fleet(world, chosen={"server"})
    fleet.members["server"][0].send = lose
    status, result = run(fleet)
    assert status == 4
    assert result["hosts"]["server"]["reason"] == "the connection broke"


def test_the_table_on_the_screen(world: World) -> None:
    world.passes_by = True
    stream = io.StringIO()
    report = ScreenReport(stream, verbose=False)
    summary = Summary(hosts=HOSTS)
    session.check(make_fleet(world), "", summary, report)
    summary.left_behind = ["client1: images proof-1: no"]
    report.show_summary(summary)
    text = stream.getvalue()
    assert len([line for line in text.splitlines() if line.startswith("failed  ")]) == 1
    assert (
        "failed  client1: The image is pulled through the registry's nginx [full name registry.example.com]\n" in text
    )
    assert "        remedy:\n          invoke provision-clients\n" in text
    assert re.search(r"^server   ok      \d+      0       \d+$", text, re.MULTILINE)
    assert re.search(r"^client1 {3}failed: daemon setting +failed: daemon setting$", text, re.MULTILINE)
    assert "left behind, please remove by hand:\n  client1: images proof-1: no\n" in text
    verdict = text.splitlines()[-1]
    assert verdict.startswith("FAILED: 1 cause, 4 of ")
    assert " on 2 of 3 hosts, not all is removed, pulls 0/4: daemon setting: " in verdict


def test_a_registry_that_is_down_is_one_line_however_many_clients(world: World) -> None:
    """Push and pulls fail by it, and say so in other words for each name and host."""
    world.containers = {**CONTAINERS, "mooring-registry": container("5000/tcp", "127.0.0.1:5000", State=EXITED)}
    world.status = 502
    world.registry.gateway_error = 502
    stream = io.StringIO()
    report = ScreenReport(stream, verbose=False)
    summary = Summary(hosts=HOSTS)
    session.check(make_fleet(world), "", summary, report)
    report.show_summary(summary)
    text = stream.getvalue()
    assert [line for line in text.splitlines() if line.startswith("failed  ")] == [
        "failed  server: The container runs [registry]"
    ]
    assert "registry: container mooring-registry does not run (exited, exit status 1): it broke\n" in text
    (cause,) = summary.as_dict()["causes"]
    assert (cause["hosts"], cause["layer"]) == (["server", "client1", "client2"], "registry")
    assert cause["checks"] == sum(check.outcome == "failed" for check in summary.checks) > 6
    assert text.splitlines()[-1].startswith(f"FAILED: 1 cause, {cause['checks']} of ")
    assert ", pulls 0/4: registry: container mooring-registry does not run" in text.splitlines()[-1]


def test_a_storage_that_takes_nothing_is_the_one_cause(world: World) -> None:
    world.trouble = "the registry's storage /srv/registry is full: 0 B of 4.0 MiB are free"
    world.registry.upload_error = 500
    status, result = run(make_fleet(world))
    assert status == 2
    assert [cause["message"] for cause in result["causes"]] == [world.trouble]
    assert result["pulls"] == {"good": 0, "all": 4}


def test_the_verdict_of_a_fleet_that_is_well(world: World) -> None:
    steps: list[str] = []
    report = SimpleNamespace(
        show_step=steps.append, show_check=lambda check: None, show_warning=steps.append, show_summary=None, close=None
    )
    summary = Summary(hosts=HOSTS)
    session.check(make_fleet(world), "", summary, report)
    assert summary.verdict() == f"all is well: 3 hosts, {len(summary.checks)} checks, pulls 4/4"
    assert {f"pulls {done}/4" for done in range(5)} <= set(steps)


def test_ctrl_c_while_pulling_still_cleans_up(world: World) -> None:
    world.interrupts = 1
    status, result = run(make_fleet(world))
    assert status == result["exit_status"] == 130
    assert world.aborted == ["client1", "client2"]
    assert world.registry.manifests == {}
    assert result["left_behind"] == []


def test_ctrl_c_while_cleaning_up_names_what_may_be_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(trial_module.Trial, "remove", interrupt)
    status, result = run(make_fleet(world))
    assert status == 130
    [line] = result["left_behind"]
    assert line.startswith("perhaps images and repositories proof-")
