"""Chapter 3: what was spoiled by hand is foretold exactly by --check, and mended by the next
run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from invocations import Run, provision, succeed
from lab_hosts import LookedAt

NAME = "registry.example.com"
FOREIGN = "198.51.100.0/24"
OWN = {"log-opts": {"max-size": "5m"}, "labels": ["rack=7"], "insecure-registries": [FOREIGN]}
BLOCK = "/registry names, managed by mooring/"


@dataclass(frozen=True)
class Mending:
    """The hosts as they were spoiled and as the check left them, and the runs."""

    spoiled: dict[str, Any]
    checked: dict[str, Any]
    foretold: dict[str, Run]
    done: dict[str, Run]
    again: dict[str, Run]


def spoil(server: LookedAt, client_el7: LookedAt, client_debian: LookedAt) -> None:
    server.run("docker rm --force mooring-registry")
    server.run("sed -i 's/client_max_body_size 0/client_max_body_size 1m/' /etc/mooring/nginx/server.conf")
    client_el7.run("sed -i '/^ADD_REGISTRY=/d' /etc/sysconfig/docker && systemctl restart docker")
    client_debian.run(f"sed -i '{BLOCK},{BLOCK}d' /etc/hosts")
    client_debian.run(f"echo '{json.dumps(OWN)}' > /etc/docker/daemon.json && systemctl reload docker")


def run_both(*words: str) -> dict[str, Run]:
    return {target: succeed(provision(target, *words)) for target in ("server", "clients")}


@pytest.fixture(scope="module")
def mending(server: LookedAt, clients: list[LookedAt]) -> Mending:
    fleet = [server, *clients]
    spoil(server, *clients)
    spoiled = {host.name: host.state() for host in fleet}
    foretold = run_both("--check", "--diff")
    checked = {host.name: host.state() for host in fleet}
    return Mending(spoiled, checked, foretold, run_both(), run_both())


def test_check_changes_nothing(mending: Mending) -> None:
    assert mending.checked == mending.spoiled


@pytest.mark.parametrize("target", ["server", "clients"])
def test_check_foretells_exactly_what_the_next_run_changes(mending: Mending, target: str) -> None:
    assert mending.done[target].changes == mending.foretold[target].changes


SETTINGS = "registry_client : Set up the engine for the registry"
NAMING = "hosts_file : Write the registry's names"
NGINX = "nginx : Write the configuration"


@pytest.mark.parametrize(
    ("target", "host", "tasks"),
    [
        ("server", "server", {"registry : Run the registry container", NGINX, "nginx : Reload nginx"}),
        ("clients", "client-el7", {SETTINGS}),
        ("clients", "client-debian", {NAMING, SETTINGS}),
    ],
)
def test_only_what_was_spoiled_is_mended(mending: Mending, target: str, host: str, tasks: set[str]) -> None:
    assert {task for name, task, _ in mending.done[target].changes if name == host} == tasks


@pytest.mark.parametrize(
    ("host", "task", "before", "after"),
    [
        ("server", NGINX, "client_max_body_size 1m;", "client_max_body_size 0;"),
        ("client-el7", SETTINGS, "OPTIONS=", f"ADD_REGISTRY='--add-registry {NAME}'"),
        ("client-debian", NAMING, "127.0.0.1", NAME),
        ("client-debian", SETTINGS, "rack=7", f"http://mirror.{NAME}"),
    ],
)
def test_diff_shows_it(mending: Mending, host: str, task: str, before: str, after: str) -> None:
    run = mending.foretold["server" if host == "server" else "clients"]
    (shown,) = [event for event in run.finished("changed") if (event["host"], event["task"]) == (host, task)]
    assert any(before in diff["before"] and after in diff["after"] for diff in shown["diff"]), shown
    assert not any(after in diff["before"] for diff in shown["diff"] if before in diff["before"])


@pytest.mark.parametrize(
    ("host", "effect", "need"),
    [
        ("client-el7", "restart", f"added registry not in effect: {NAME}"),
        ("client-debian", "reload", f"insecure registry not in effect: {NAME}"),
    ],
)
def test_the_plan_says_what_follows_and_why(mending: Mending, host: str, effect: str, need: str) -> None:
    changed = mending.foretold["clients"].finished("changed")
    (shown,) = [event for event in changed if (event["host"], event["task"]) == (host, SETTINGS)]
    assert shown["values"]["plan"]["effect"] == effect
    assert need in shown["values"]["plan"]["needs"]


def test_the_operators_own_settings_survive(mending: Mending, clients: list[LookedAt]) -> None:
    client_el7, client_debian = clients
    settings = json.loads(client_debian.run("cat /etc/docker/daemon.json"))
    assert settings["log-opts"] == OWN["log-opts"]
    assert settings["labels"] == OWN["labels"]
    assert settings["insecure-registries"][0] == FOREIGN
    assert settings["registry-mirrors"] == [f"http://mirror.{NAME}"]
    assert "rack=7" in client_debian.run("docker info --format '{{json .Labels}}'")
    assert "--selinux-enabled" in client_el7.run("grep ^OPTIONS= /etc/sysconfig/docker")


def test_the_run_after_that_changes_nothing(mending: Mending) -> None:
    assert mending.again["server"].count("changed") == {"server": 0}
    assert mending.again["clients"].count("changed") == {"client-el7": 0, "client-debian": 0}


def test_the_new_registry_was_found_by_the_old_nginx(mending: Mending, server: LookedAt) -> None:
    before, now = mending.spoiled["server"]["containers"], server.containers()
    assert "/mooring-registry" not in before
    assert now["/mooring-nginx"] == before["/mooring-nginx"]
    assert server.run("curl -sS -H 'Host: registry.example.com' http://127.0.0.1/v2/").strip() == "{}"
