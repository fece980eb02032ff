"""Chapter 10: verify proves every route, and names the layer that is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from invocations import invoke
from lab_hosts import LookedAt, until

BY_NAME = {"full name registry.example.com", "full name docker.registry.example.com", "mirror"}


def test_every_client_pulls_by_every_route(clients: list[LookedAt], tmp_path: Path) -> None:
    run = invoke("verify", "--json", "--junit", tmp_path / "verify.xml")
    assert run.status == 0, run.transcript
    summary = json.loads(run.out)
    assert set(summary["hosts"]) == {"server", "client-el7", "client-debian"}
    assert (summary["left_behind"], summary["errors"], summary["exit_status"]) == ([], [], 0)
    assert set(summary["hosts"]["client-el7"]["routes"]) == {*BY_NAME, "short name"}
    assert set(summary["hosts"]["client-debian"]["routes"]) == BY_NAME
    for client in clients:
        routes = summary["hosts"][client.name]["routes"].values()
        assert {(route["status"], route["address"]) for route in routes} == {("ok", client.host.address)}
        assert len({route["digest"] for route in routes}) == len(routes)
    cases = list(ElementTree.parse(tmp_path / "verify.xml").iter("testcase"))
    assert len(cases) == sum(sum(host["checks"].values()) for host in summary["hosts"].values())
    assert not [case for case in cases if case.find("failure") is not None or case.find("error") is not None]


@pytest.fixture
def stopped_nginx(server: LookedAt) -> Iterator[None]:
    server.run("docker stop mooring-nginx")
    yield
    server.run("docker start mooring-nginx")
    until(lambda: server.succeeds("curl -fsS http://127.0.0.1/v2/"), "nginx answers again")


@pytest.mark.usefixtures("stopped_nginx")
def test_a_stopped_nginx_is_named(clients: list[LookedAt]) -> None:
    run = invoke("verify", "--json")
    assert run.status == 2, run.transcript
    summary = json.loads(run.out)
    assert summary["left_behind"] == []
    (cause,) = summary["causes"]
    assert cause["message"].startswith("container mooring-nginx does not run"), run.transcript
    assert set(cause["hosts"]) == set(summary["hosts"])
    assert (summary["verdict"].startswith("FAILED: 1 cause, "), summary["pulls"]) == (True, {"good": 0, "all": 7})
    for client in clients:
        host = summary["hosts"][client.name]
        assert host["status"] == "failed"
        assert "TCP" in {failure["layer"] for failure in host["failures"]}
        assert not {failure["layer"] for failure in host["failures"]} & {"name", "TLS", "HTTP"}
    assert any("mooring-nginx" in failure["message"] for failure in summary["hosts"]["server"]["failures"])
