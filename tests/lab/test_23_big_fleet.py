"""Chapter 23, told with --long only: engines of other kinds and ages are set up as the small
fleet's are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from invocations import invoke, succeed
from lab_hosts import LookedAt
from opt_in import FLEET, states

pytestmark = pytest.mark.long

BY_NAME = {"full name registry.example.com", "full name docker.registry.example.com", "mirror"}
ROUTES = {
    "client-el7": BY_NAME | {"short name"},
    "client-debian": BY_NAME,
    "client-docker26": BY_NAME,
    "client-docker28": BY_NAME,
    "client-podman": BY_NAME | {"short name"},
    "client-containerd": BY_NAME,
}
VERSIONS = {
    "client-docker26": ("docker version --format '{{.Server.Version}}'", "26.1."),
    "client-docker28": ("docker version --format '{{.Server.Version}}'", "28.5."),
    "client-podman": ("podman version --format '{{.Client.Version}}'", "5.4."),
    "client-containerd": ("ctr version | sed -n '/^Server:/,$s/^ *Version: *//p'", "1.7."),
}
ENGINES = {
    "client-docker26": "docker",
    "client-docker28": "docker",
    "client-podman": "podman",
    "client-containerd": "containerd",
}
EDITED = {
    "client-docker26": "/etc/docker/daemon.json",
    "client-docker28": "/etc/docker/daemon.json",
    "client-podman": "/etc/containers/registries.conf.d/50-mooring.conf",
    "client-containerd": "/etc/containerd/certs.d/docker.io/hosts.toml",
}
HUB_ONLY = "docker.io/library/hello-world:latest"
PROGRAMS = {"client-podman": "podman", "client-containerd": "crictl"}


@pytest.fixture(scope="module")
def big_fleet(opt_in: list[LookedAt]) -> list[LookedAt]:
    first = succeed(invoke("provision-clients", "--json", *FLEET))
    assert set(first.recap) == set(ROUTES)
    return opt_in


def verify() -> dict[str, Any]:
    """The hosts of a verification of the big fleet, which must go well."""
    run = succeed(invoke("verify", "--json", *FLEET))
    summary = json.loads(run.out)
    assert (summary["left_behind"], summary["errors"]) == ([], [])
    hosts: dict[str, Any] = summary["hosts"]
    return hosts


def test_all_hosts_are_up_and_of_their_ages(big_fleet: list[LookedAt]) -> None:
    assert set(states().values()) == {"up"}
    for host in big_fleet:
        command, start = VERSIONS[host.name]
        assert host.run(command).startswith(start)


def test_the_small_fleets_inventory_and_the_big_ones_mean_the_same(big_fleet: list[LookedAt]) -> None:
    for words in (("provision-server", *FLEET), ("provision-clients",)):
        run = succeed(invoke(words[0], "--json", *words[1:]))
        assert set(run.count("changed").values()) == {0}, run.transcript


def test_a_second_run_changes_nothing(big_fleet: list[LookedAt]) -> None:
    before = {host.name: host.files() for host in big_fleet}
    run = succeed(invoke("provision-clients", "--json", *FLEET))
    assert run.count("changed") == dict.fromkeys(ROUTES, 0), run.transcript
    assert {host.name: host.files() for host in big_fleet} == before


def test_a_host_with_another_engine_gets_no_docker(big_fleet: list[LookedAt]) -> None:
    for host in big_fleet:
        assert host.succeeds("command -v dockerd") is (host.name not in PROGRAMS)


def test_every_client_pulls_by_every_route_through_nginx(big_fleet: list[LookedAt]) -> None:
    hosts = verify()
    assert set(hosts) == {"server", *ROUTES}
    for name, labels in ROUTES.items():
        routes = hosts[name]["routes"]
        assert set(routes) == labels
        address = LookedAt.named(name).host.address
        assert {(route["status"], route["address"]) for route in routes.values()} == {("ok", address)}


def test_what_only_the_hub_has_comes_through_the_cache(big_fleet: list[LookedAt], server: LookedAt) -> None:
    for host in big_fleet:
        program = PROGRAMS.get(host.name, "docker")
        before = len(server.access_log())
        host.run(f"{program} pull {HUB_ONLY} && {program} rmi {HUB_ONLY}")
        entries = [entry for entry in server.access_log()[before:] if "/library/hello-world/" in entry["uri"]]
        assert {entry["address"] for entry in entries} == {host.host.address}
        assert {(entry["status"], entry["served_by"]) for entry in entries} == {(200, "cache docker-io")}, entries


def test_the_small_fleets_task_leaves_the_opt_in_hosts_alone(big_fleet: list[LookedAt]) -> None:
    before = [host.run("cat /proc/1/stat").split()[21] for host in big_fleet]  # when their systemd was started
    succeed(invoke("lab.up"))
    assert [host.run("cat /proc/1/stat").split()[21] for host in big_fleet] == before


def test_status_tells_each_engine_and_no_drift(big_fleet: list[LookedAt]) -> None:
    states = {host["host"]: host for host in json.loads(succeed(invoke("status", "--json", *FLEET)).out)["hosts"]}
    assert set(states) == {"server", *ROUTES}
    assert {name: states[name]["engine"] for name in ENGINES} == ENGINES
    assert all(states[name]["version"].startswith(start) for name, (_, start) in VERSIONS.items())
    assert {states[name]["drift"] for name in ROUTES} == {"none"}
    assert all("registry.example.com" in states[name]["hub"]["endpoints"][0]["url"] for name in ROUTES)


def test_the_doctor_finds_nothing(big_fleet: list[LookedAt]) -> None:
    rows = json.loads(succeed(invoke("doctor", "--json", *FLEET)).out)["hosts"]
    assert {row["host"] for row in rows} == {"server", *ROUTES}
    for row in rows:
        assert {finding["verdict"] for finding in row["findings"]} == {"ok"}, row
        rules = {finding["rule"] for finding in row["findings"]}
        assert rules >= {"configuration", "daemon", "next-restart", "transaction"}


def test_an_edit_by_hand_is_drift_everywhere(big_fleet: list[LookedAt]) -> None:
    for host in big_fleet:
        path = EDITED[host.name]
        host.run(f"cp -p {path} /root/kept && sed -i s/registry.example.com/gone.example.com/ {path}")
    try:
        run = invoke("status", "--json", *FLEET)
        states = {host["host"]: host["drift"] for host in json.loads(run.out)["hosts"]}
        assert all(states[host.name] != "none" for host in big_fleet), states
        assert "none" in {states["client-el7"], states["client-debian"]}
    finally:
        for host in big_fleet:
            host.run(f"mv /root/kept {EDITED[host.name]}")
    assert {host["drift"] for host in json.loads(invoke("status", "--json", *FLEET).out)["hosts"]} == {"none"}
