"""The law: no text of a host in a setting, a template, a condition, a program or a path,
whatever it taints."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.hostile.drawn import Yards, draw
from tests.hostile.honest_words import CONTAINERD, MODULES_OF_VERIFY, WELL, with_host_lines
from tests.hostile.host import Answers, Request
from tests.hostile.payloads import expect_law
from tests.hostile.recorded import CLIENT, FACTS, SERVER
from tests.hostile.taint import Tainter
from tests.hostile.yard import AT_ONCE, TRACE, Watched, Yard, expect_honest
from tests.support.registry_server import serve_registry
from tests.support.verification_world import World

RED_HAT: Answers = {
    **CLIENT,
    "setup": {
        "ansible_facts": {
            **FACTS,
            "ansible_os_family": "RedHat",
            "ansible_distribution": "CentOS",
            "ansible_distribution_major_version": "7",
        }
    },
    "stat": {"stat": {"exists": False}},
    "shell": {"rc": 0, "stdout": "/etc/yum.repos.d/a.repo\n/etc/yum.repos.d/b.repo", "stderr": ""},
    "copy": {"changed": True, "dest": "/etc/yum.repos.d/a.repo"},
    "package": {"changed": True, "msg": "installed"},
}
PLAYS = {
    "provision-clients": ("clients", (CLIENT, WELL, RED_HAT)),
    "provision-server": ("server", (SERVER, {**RED_HAT, **SERVER, "setup": RED_HAT["setup"]})),
    "deprovision-clients": ("clients", (WELL, CLIENT)),
    "deprovision-server": ("server", (SERVER,)),
}
SURVEYS = ("status", "doctor", "images")
# How much each of the hosts taints: little, so that its tasks go far, up to all.
SHARES = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.02, 0.02, 0.05, 0.1, 0.3, 0.6, 1.0]
SEEDS = st.integers(0, 2**32).map(lambda seed: [seed + number for number in range(len(SHARES))])


@pytest.mark.parametrize("command", PLAYS)
def test_the_shipped_playbooks(yards: Yards, request: pytest.FixtureRequest, command: str) -> None:
    group, tables = PLAYS[command]

    def check(seeds: list[int]) -> None:
        yard = yards.make()
        yard.add("honest", answers=tables[0], group=group)
        for number, (seed, share) in enumerate(zip(seeds, SHARES, strict=True)):
            name = f"hostile{number}"
            yard.add(name, Tainter(yard, name, seed, share), tables[number % len(tables)], group)
        run = yard.invoke(command, "--json", "--diff", *AT_ONCE)
        yard.close()
        expect_law(run, yard)
        expect_honest(run)
        assert set(run.recap) == set(yard.hosts), run.transcript

    draw(request, SEEDS, check)


@pytest.mark.parametrize("command", SURVEYS)
def test_surveys(yards: Yards, request: pytest.FixtureRequest, command: str) -> None:
    def check(seeds: list[int]) -> None:
        yard = yards.make()
        yard.add("server", answers={**SERVER, "docker_config": with_host_lines}, group="server")
        yard.add("honest", answers=WELL)
        for number, (seed, share) in enumerate(zip(seeds, SHARES, strict=True)):
            name, table = f"hostile{number}", (WELL, CONTAINERD)[number % 2]
            engine = "containerd" if number % 2 else "docker"
            yard.add(name, Tainter(yard, name, seed, share), table, registry_client_engine=engine)
        with serve_registry() as registry:
            yard.tunnels_to = registry.server_address  # type: ignore[assignment]
            run = yard.invoke(command, "--json")
        yard.close()
        expect_law(run, yard)
        rows = {host["host"]: host for host in json.loads(run.out)["hosts"]}
        assert set(rows) == set(yard.hosts), run.transcript
        earlier = "uses the earlier mirror"
        assert rows["honest"].get("drift", earlier) == earlier, run.transcript
        assert not rows["honest"].get("trouble"), run.transcript

    draw(request, SEEDS, check)


def test_explain(yards: Yards, request: pytest.FixtureRequest) -> None:
    def check(seeds: list[int]) -> None:
        yard = yards.make()
        for number in range(2):
            name = f"hostile{number}"
            yard.add(name, Tainter(yard, name, seeds[number], SHARES[4 * number + 4]), (WELL, CONTAINERD)[number])
        for name in list(yard.hosts):
            run = yard.invoke("explain", name, "busybox")
            assert TRACE not in run.out, run.transcript
            expect_law(run, yard)
        yard.close()

    draw(request, SEEDS, check)


def test_verify(yards: Yards, request: pytest.FixtureRequest) -> None:
    def check(seeds: list[int]) -> None:
        yard = yards.make()
        with serve_registry() as registry:
            run = verify(yard, World(registry), seeds)
        yard.close()
        expect_law(run, yard)
        rows_of_hosts = json.loads(run.out)["hosts"]
        assert set(rows_of_hosts) == set(yard.hosts), run.transcript
        assert rows_of_hosts["client1"]["status"] == "ok", run.transcript
        assert rows_of_hosts["server"]["status"] == "ok", run.transcript

    draw(request, SEEDS, check)


def verify(yard: Yard, world: World, seeds: list[int]) -> Watched:
    """Check a server and an honest client, and two that taint."""
    yard.tunnels_to = world.registry.server_address  # type: ignore[assignment]
    for number, name in enumerate(("server", "client1", "client2", "client3")):

        def reply(request: Request, name: str = name) -> dict[str, Any]:
            return world.answer(name, request.module, request.args)

        answers = {"setup": {"ansible_facts": FACTS}, **dict.fromkeys(MODULES_OF_VERIFY, reply)}
        malice = Tainter(yard, name, seeds[number], SHARES[3 * number]) if number > 1 else None
        yard.add(name, malice, answers, "clients" if number else "server")
    return yard.invoke("verify", "--json")
