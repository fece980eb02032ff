"""Chapter 17: the doctor and the fleet's table: on a fleet that is well, and on one that is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from invocations import Run, invoke, provision, succeed
from lab_hosts import LookedAt, until

NAME = "registry.example.com"
CONFIG = "/etc/mooring/nginx/server.conf"
NGINX_RULES = {
    "nginx-configuration",
    "registry-configuration",
    "nginx-answers",
    "nginx-api-version",
    "nginx-v1",
    "nginx-delete",
    "nginx-other-names",
    "nginx-slow-requests",
    "nginx-location",
    "nginx-location-port",
    "nginx-forwarded",
    "nginx-body-size",
    "nginx-upstream",
    "nginx-upstream-name",
    "mirror-containers",
    "mirror-upstream",
}


def doctor(*words: str, status: int = 0) -> dict[str, dict[str, Any]]:
    """The findings of each host: its rules with their verdicts."""
    run = invoke("doctor", *words, "--json")
    assert run.status == status, run.transcript
    report = json.loads(run.out)
    assert report["exit_status"] == status
    return {host["host"]: {finding["rule"]: finding for finding in host["findings"]} for host in report["hosts"]}


def verdicts(findings: dict[str, Any], verdict: str) -> set[str]:
    return {rule for rule, finding in findings.items() if finding["verdict"] == verdict}


def table(*words: str) -> dict[str, dict[str, Any]]:
    return {host["host"]: host for host in json.loads(invoke("status", "--json", *words).out)["hosts"]}


def test_a_fleet_that_is_well_and_stays_as_it_was(fleet: list[LookedAt]) -> None:
    before = {host.name: host.state() for host in fleet}
    moments = {host.name: host.clock() for host in fleet}
    report = doctor()
    assert set(report) == {"server", "client-el7", "client-debian"}
    for name, findings in report.items():
        assert verdicts(findings, "ok") == set(findings), (name, findings)
    assert set(report["server"]) >= NGINX_RULES
    assert {host.name: host.state() for host in fleet} == before
    for host in fleet:
        repositories = [path for path in host.touched_since(moments[host.name]) if "mooring-doctor" in path]
        assert repositories == []


def test_one_host_by_its_name(client_el7: LookedAt) -> None:
    run = succeed(invoke("doctor", client_el7.name))
    assert "rules hold" in run.out.splitlines()[0]
    run = succeed(invoke("doctor", client_el7.name, "-v"))
    assert run.out.startswith("client-el7  Red Hat's docker")
    assert f"add-registry = {NAME}  (/etc/sysconfig/docker:" in run.out
    assert run.out.rstrip().endswith("ok")
    assert invoke("doctor", "nobody").status == 1


def test_the_table_of_a_fleet_that_is_well() -> None:
    rows = table()
    assert {row["drift"] for row in rows.values()} == {"none"}
    assert rows["client-debian"]["hub"]["endpoints"][0]["url"] == f"http://mirror.{NAME}"
    assert (rows["client-el7"]["engine"], rows["client-debian"]["engine"]) == ("redhat", "docker")
    assert invoke("status", "--detailed-exitcode").status == 0


@pytest.fixture
def recreated(server: LookedAt) -> Iterator[tuple[str, str]]:
    """The registry's container made anew from the same settings, under another
    address; both addresses."""
    before = address(server, "mooring-registry")
    server.run("docker rm -f mooring-registry")
    image = server.run("docker inspect -f '{{.Config.Image}}' mooring-nginx").strip()
    guests: list[str] = []
    try:
        # Addresses are given out from below, so that one of the guests comes to have the old one.
        while before not in [address(server, guest) for guest in guests] and len(guests) < 20:
            guests.append(f"guest{len(guests)}")
            server.run(f"docker run -d --name {guests[-1]} --network mooring --entrypoint sleep {image} 600")
        succeed(provision("server"))
        yield before, address(server, "mooring-registry")
    finally:
        server.run(f"docker rm -f {' '.join(guests)}")
        succeed(provision("server"))


def address(server: LookedAt, name: str) -> str:
    inner = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return server.run(f"docker inspect -f '{inner}' {name}").strip()


def test_a_registry_that_was_made_anew_is_found(
    recreated: tuple[str, str], server: LookedAt, clients: list[LookedAt]
) -> None:
    before, now = recreated
    assert before != now
    until(lambda: verdicts(doctor("server")["server"], "broken") == set(), "nginx finds the new container")
    finding = doctor("server")["server"]["nginx-upstream"]
    assert now in finding["seen"]
    assert server.run("docker inspect -f '{{.RestartCount}}' mooring-nginx").strip() == "0"
    succeed(invoke("verify"))


@pytest.fixture
def other_rules(server: LookedAt) -> Iterator[dict[str, Any]]:
    """nginx with rules taken out by hand; what the doctor says of it."""
    server.run(f"cp -p {CONFIG} /root/nginx.conf")
    edits = [
        "s/client_max_body_size 0/client_max_body_size 1m/",
        "s/Host $authority/Host $host/",
        '/proxy_set_header Forwarded ""/d',
        "s/add_header Docker-Distribution-Api-Version .*/add_header Docker-Distribution-Api-Version registry\\/2.0;/",
        "s/set $registry .*//; s/proxy_pass $registry;/proxy_pass http:\\/\\/mooring-registry:5000;/",
        "/location .v1/,/}/d",
    ]
    for edit in edits:
        server.run(f"sed -i '{edit}' {CONFIG}")
    try:
        server.run("docker exec mooring-nginx nginx -t -q -c /etc/nginx/mooring/server.conf")
        server.run("docker exec mooring-nginx nginx -s reload")
        until(lambda: bool(verdicts(doctor("server", status=2)["server"], "broken")), "nginx has the new rules")
        yield doctor("server", status=2)["server"]
    finally:
        server.run(f"mv /root/nginx.conf {CONFIG}")
        succeed(provision("server"))
        server.run("docker exec mooring-nginx nginx -s reload")


def test_rules_taken_out_of_nginx_are_named(other_rules: dict[str, Any]) -> None:
    broken = {"nginx-body-size", "nginx-location-port", "nginx-forwarded", "nginx-api-version"}
    assert verdicts(other_rules, "broken") == broken
    assert verdicts(other_rules, "warning") == {"nginx-upstream-name"}
    assert "client_max_body_size" in other_rules["nginx-body-size"]["remedy"]


def test_a_reload_that_was_lost_is_named_and_made_up_for(server: LookedAt) -> None:
    """As after a run that was cut short between writing and its handlers."""
    files = {"nginx-configuration": CONFIG, "registry-configuration": "/etc/mooring/registry/config.yml"}
    report: dict[str, Any] = {}

    def is_named() -> bool:
        # A file of the two seconds after a reload cannot be told from one that was read.
        server.run(f"touch {' '.join(files.values())}")
        report.update(doctor("server")["server"])
        return verdicts(report, "warning") == set(files)

    until(is_named, "the doctor names both files")
    assert {rule: report[rule]["places"] for rule in files} == {rule: [path] for rule, path in files.items()}
    before = server.containers()
    # ps counts whole seconds, so that the next look may see
    # a file of the last moment as read: this one is later.
    server.run(f"touch {' '.join(files.values())}")
    run = succeed(provision("server"))
    assert {task for _, task, _ in run.changes if "Reload" in task or "Restart" in task} == {
        "nginx : Reload nginx",
        "registry : Restart the registry",
    }
    assert server.containers()["/mooring-nginx"] == before["/mooring-nginx"]
    assert verdicts(doctor("server")["server"], "warning") == set()
    assert set(succeed(provision("server")).count("changed").values()) == {0}


@pytest.fixture
def drifted(client_debian: LookedAt, client_el7: LookedAt) -> Iterator[None]:
    """client-debian's settings taken out of the file, client-el7's Docker masked."""
    client_debian.run("cp -p /etc/docker/daemon.json /root/kept && echo '{\"hosts\": []}' > /etc/docker/daemon.json")
    client_el7.run("systemctl mask docker")
    try:
        yield
    finally:
        client_el7.run("systemctl unmask docker")
        client_debian.run("mv /root/kept /etc/docker/daemon.json")


def test_drift(drifted: None) -> None:
    rows = table()
    assert rows["client-debian"]["drift"] == "would not start"
    assert (rows["client-el7"]["drift"], rows["server"]["drift"]) == ("masked", "none")
    assert invoke("status").status == 0
    assert invoke("status", "--detailed-exitcode").status == 8
    report = doctor(status=2)
    assert {"flag-and-key", "next-restart", "next-boot", "settings"} <= verdicts(report["client-debian"], "broken")
    assert "next-boot" in verdicts(report["client-el7"], "broken")
    assert report["client-debian"]["flag-and-key"]["places"][-1] == "/etc/docker/daemon.json:1"


@pytest.fixture
def down(client_el7: LookedAt) -> Iterator[Run]:
    client_el7.stop()
    try:
        yield invoke("status", "--json")
    finally:
        client_el7.start()


def test_a_host_that_is_down_is_a_line(down: Run) -> None:
    assert down.status == 4
    rows = {host["host"]: host for host in json.loads(down.out)["hosts"]}
    assert rows["client-el7"]["drift"] == "unreachable"
    assert rows["client-debian"]["drift"] == "none"
    run = invoke("doctor")
    assert run.status == 4
    assert "client-el7\n  unreachable: " in run.out
