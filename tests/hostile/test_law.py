"""The law: no text of a host in a setting, a template, a condition, a program or a path, whatever it taints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.hostile.host import Answers, Asked
from tests.hostile.payloads import expect_law
from tests.hostile.recorded import CLIENT, FACTS, SERVER
from tests.hostile.taint import Tainter
from tests.hostile.test_fleet import CONTAINERD, WELL, with_host_lines
from tests.hostile.yard import AT_ONCE, TRACE, Watched, Yard, expect_honest
from tests.unit.registry_server import serve_registry
from tests.unit.verification_world import World

RED_HAT: Answers = {
    **CLIENT,
    "setup": {
        "ansible_facts": {
            **FACTS,
            **{"ansible_os_family": "RedHat", "ansible_distribution": "CentOS", "ansible_distribution_major_version": "7"},
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
}
SURVEYS = ("status", "doctor")
HOSTS = 6
draws = {
    "seeds": st.lists(st.integers(0, 2**32), min_size=HOSTS, max_size=HOSTS, unique=True),
    "shares": st.lists(st.sampled_from([0.03, 0.1, 0.3, 0.6, 1.0]), min_size=HOSTS, max_size=HOSTS),
}


class Lawn:
    """Yards for one command, a new one for each draw."""

    def __init__(self, place: Path, keys: dict[str, Path]) -> None:
        self._place, self._keys, self._count = place, keys, 0

    def yard(self) -> Yard:
        self._count += 1
        folder = self._place / str(self._count)
        folder.mkdir()
        return Yard(folder, self._keys)


@pytest.fixture
def lawn(tmp_path: Path, keys: dict[str, Path]) -> Lawn:
    return Lawn(tmp_path, keys)


def draw(request: pytest.FixtureRequest, check: Any) -> None:
    """Run the check on a draw, with --long on hundreds."""
    count = 100 if request.config.getoption("--long") else 1
    chosen = settings(
        max_examples=count, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    chosen(given(**draws)(check))()


@pytest.mark.parametrize("command", PLAYS)
def test_the_shipped_playbooks(lawn: Lawn, request: pytest.FixtureRequest, command: str) -> None:
    group, tables = PLAYS[command]

    def check(seeds: list[int], shares: list[float]) -> None:
        yard = lawn.yard()
        yard.add("honest", answers=tables[0], group=group)
        for number, (seed, share) in enumerate(zip(seeds, shares, strict=True)):
            name = f"hostile{number}"
            yard.add(name, Tainter(yard, name, seed, share), tables[number % len(tables)], group)
        run = yard.invoke(command, "--json", "--diff", *AT_ONCE)
        yard.close()
        expect_law(run, yard)
        expect_honest(run)
        assert set(run.recap) == set(yard.hosts), run.said

    draw(request, check)


@pytest.mark.parametrize("command", SURVEYS)
def test_surveys(lawn: Lawn, request: pytest.FixtureRequest, command: str) -> None:
    def check(seeds: list[int], shares: list[float]) -> None:
        yard = lawn.yard()
        yard.add("server", answers={**SERVER, "docker_config": with_host_lines}, group="server")
        yard.add("honest", answers=WELL)
        for number, (seed, share) in enumerate(zip(seeds, shares, strict=True)):
            name, table = f"hostile{number}", (WELL, CONTAINERD)[number % 2]
            engine = "containerd" if number % 2 else "docker"
            yard.add(name, Tainter(yard, name, seed, share), table, registry_client_engine=engine)
        run = yard.invoke(command, "--json")
        yard.close()
        expect_law(run, yard)
        rows = {one["host"]: one for one in json.loads(run.out)["hosts"]}
        assert set(rows) == set(yard.hosts), run.said
        assert rows["honest"].get("drift", "none") == "none", run.said
        assert not rows["honest"].get("trouble"), run.said

    draw(request, check)


def test_explain(lawn: Lawn, request: pytest.FixtureRequest) -> None:
    def check(seeds: list[int], shares: list[float]) -> None:
        yard = lawn.yard()
        for number in range(2):
            name = f"hostile{number}"
            yard.add(name, Tainter(yard, name, seeds[number], shares[number]), (WELL, CONTAINERD)[number])
        for name in list(yard.hosts):
            run = yard.invoke("explain", name, "busybox")
            assert TRACE not in run.out, run.said
            expect_law(run, yard)
        yard.close()

    draw(request, check)


def test_verify(lawn: Lawn, request: pytest.FixtureRequest) -> None:
    def check(seeds: list[int], shares: list[float]) -> None:
        yard = lawn.yard()
        with serve_registry() as registry:
            run = verify(yard, World(registry), seeds, shares)
        yard.close()
        expect_law(run, yard)
        found = json.loads(run.out)["hosts"]
        assert set(found) == set(yard.hosts), run.said
        assert found["client1"]["status"] == "ok", run.said
        assert found["server"]["status"] == "ok", run.said

    draw(request, check)


def verify(yard: Yard, world: World, seeds: list[int], shares: list[float]) -> Watched:
    """Check a server and an honest client, and two that taint."""
    yard.tunnels_to = world.registry.server_address  # type: ignore[assignment]
    for number, name in enumerate(("server", "client1", "client2", "client3")):

        def reply(asked: Asked, name: str = name) -> dict[str, Any]:
            return world.answer(name, asked.module, asked.args)

        answers = {"setup": {"ansible_facts": FACTS}, **dict.fromkeys(MODULES_OF_VERIFY, reply)}
        malice = Tainter(yard, name, seeds[number], shares[number]) if number > 1 else None
        yard.add(name, malice, answers, "clients" if number else "server")
    return yard.invoke("verify", "--json")


MODULES_OF_VERIFY = ("shell", "registry_probe", "docker_host_info")
