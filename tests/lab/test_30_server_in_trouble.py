"""Chapter 30: a server that serves and is ill all the same, and one whose port somebody else
has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from invocations import invoke, provision, succeed
from lab_hosts import LookedAt, until

SQUATTER = "mooring-lab-squatter"


def status(*words: str, code: int = 8) -> dict[str, Any]:
    """The server's row."""
    run = invoke("status", "--json", "--detailed-exitcode", "--limit", "server", *words)
    assert run.status == code, run.transcript
    (host,) = json.loads(run.out)["hosts"]
    return dict(host)


def broken(*words: str) -> dict[str, str]:
    """What the doctor calls broken on the server, by rule."""
    run = invoke("doctor", "server", "--json", *words)
    assert run.status == 2, run.transcript
    findings = json.loads(run.out)["hosts"][0]["findings"]
    return {finding["rule"]: finding["seen"] for finding in findings if finding["verdict"] == "broken"}


def verify(*words: str) -> dict[str, Any]:
    """A verification that finds something."""
    run = invoke("verify", "--json", *words)
    assert run.status == 2, run.transcript
    summary: dict[str, Any] = json.loads(run.out)
    assert summary["left_behind"] == []
    return summary


@pytest.fixture
def unhealthy(server: LookedAt) -> Iterator[tuple[str, str]]:
    """The registry with a health check that fails; the option for that."""
    check = {"registry_healthcheck": ["CMD-SHELL", "echo 'error: no pulse'; exit 1"]}
    words = ("-e", json.dumps({**check, "registry_healthcheck_interval": "1s", "registry_healthcheck_retries": 1}))
    health = "docker inspect -f '{{.State.Health.Status}}' mooring-registry"
    try:
        succeed(provision("server", *words))
        until(lambda: server.run(health).strip() == "unhealthy", "the registry is unhealthy")
        yield words
    finally:
        succeed(provision("server"))


def test_a_registry_that_answers_and_is_unhealthy(unhealthy: tuple[str, str]) -> None:
    row = status(*unhealthy)
    assert row["drift"] == "registry is unhealthy"
    assert (row["server"]["registry"]["health"], row["server"]["registry"]["answers"]) == ("unhealthy", True)
    assert broken(*unhealthy) == {
        "nginx-upstream": "container mooring-registry is unhealthy: error: no pulse",
    }
    summary = verify(*unhealthy)
    (cause,) = summary["causes"]
    assert (cause["layer"], cause["hosts"]) == ("registry", ["server"])
    assert cause["message"] == "container mooring-registry is unhealthy: error: no pulse"
    assert summary["pulls"] == {"good": 7, "all": 7}
    assert summary["verdict"].startswith("FAILED: 1 cause, 1 of ")


@pytest.fixture
def squatter(server: LookedAt) -> Iterator[str]:
    """nginx's port with another program on it while nginx was stopped; that program's number."""
    server.run("docker stop mooring-nginx")
    server.run(f"systemd-run --quiet --unit={SQUATTER} /usr/sbin/sshd -D -p 80")
    try:
        until(lambda: server.succeeds("ss -Htln 'sport = :80' | grep -q ."), "the port is taken")
        assert not server.succeeds("docker start mooring-nginx")
        yield server.run(f"systemctl show -p MainPID --value {SQUATTER}").strip()
    finally:
        server.run(f"systemctl stop {SQUATTER}")
        succeed(provision("server"))


def test_a_port_that_somebody_took(squatter: str) -> None:
    """Status, doctor, verify and provisioning: each says who has it, or that nothing answers."""
    taken = f"port 80 of the host is taken by sshd (process {squatter})"
    row = status()
    assert row["drift"] == "registry does not answer"
    assert "http://" in row["server"]["nginx"]["reason"]
    assert taken in broken()["nginx-upstream"]
    summary = verify()
    assert [cause["message"] for cause in summary["causes"] if taken in cause["message"]] == [
        cause["message"] for cause in summary["causes"]
    ]
    assert len(summary["causes"]) == 1
    run = provision("server")
    assert run.status == 2, run.transcript
    (failure,) = run.finished("failed")[-1:]
    assert f"container mooring-nginx does not start: {taken}" in failure["message"]
