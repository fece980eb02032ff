"""`status`, `doctor`, `explain` and `verify` with malformed hosts: a line for each, and the others
are told rightly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hostile.honest_words import CONTAINERD, MODULES_OF_VERIFY, WELL, with_host_lines
from tests.hostile.host import Answers, Request
from tests.hostile.kinds import CUT, SAID, WRONG, gone
from tests.hostile.malice import Edit, Malice, Reply, Say
from tests.hostile.payloads import expect_law
from tests.hostile.recorded import FACTS, SERVER, SETTINGS, container_config, docker_config
from tests.hostile.yard import TRACE, Watched, Yard
from tests.support.registry_server import RegistryServer
from tests.support.verification_world import World

LOOKS = ("docker_config", "container_config")


class OnLooks(Malice):
    """Another malice's words in place of the replies of the modules that look."""

    def __init__(self, malice: Malice) -> None:
        self._malice = malice

    def reply(self, request: Request, reply: Reply) -> Any:
        chosen = self._malice if request.module in LOOKS else Malice()
        return chosen.reply(request, reply)


def bend(key: str, value: Any) -> Edit:
    return Edit(lambda request, reply: {**reply, key: value})


def without(key: str) -> Edit:
    return Edit(lambda request, reply: {name: value for name, value in reply.items() if name != key})


def inner(key: str, value: Any) -> Edit:
    """Wrong values inside of what the key holds."""
    return Edit(lambda request, reply: {**reply, key: wrong_inside(reply.get(key), value)})


def wrong_inside(held: Any, value: Any) -> Any:
    return dict.fromkeys(held or ["x"], value) if isinstance(held, dict) else [value]


# In place of a value, and in place of what is in it.
KINDS = (None, "x", [1], {"a": [1]})


def malformed(table: Answers, keys: Any) -> Iterator[tuple[str, Malice, Answers]]:
    for key in keys:
        if key == "changed":
            continue
        name = key.replace("_", "-")
        yield f"{name}-gone", without(key), table
        for number, value in enumerate(KINDS):
            yield f"{name}-{number}", bend(key, value), table
            yield f"{name}-in-{number}", inner(key, value), table


def malices() -> dict[str, tuple[Malice, Answers]]:
    """Hosts for a table: every key of what a look tells in wrong kinds, and frames that are
    none."""
    request = Request(1, "docker_config", {"paths": []})
    faults = {
        f"docker-{name}": (edit, table) for name, edit, table in malformed(WELL, docker_config(request, SETTINGS))
    }
    faults |= {f"other-{name}": (edit, table) for name, edit, table in malformed(CONTAINERD, container_config(request))}
    for name, pieces in {**SAID, **CUT}.items():
        if "length" not in name and "many" not in name:
            faults[f"said-{name}"] = (Say(gone(pieces)), WELL)
    faults |= {f"failed-{number}": (Edit(lambda request, reply, value=value: {"failed": True, "msg": value}), WELL)
              for number, value in enumerate(WRONG)}  # fmt: skip
    return faults


def inhabit(yard: Yard, registry: RegistryServer) -> list[str]:
    """An honest server, an honest client, and one host for each malice."""
    yard.tunnels_to = registry.server_address  # type: ignore[assignment]
    yard.add("server", answers={**SERVER, "docker_config": with_host_lines}, group="server")
    yard.add("honest", answers=WELL)
    for name, (malice, table) in malices().items():
        yard.add(name, OnLooks(malice), table, registry_client_engine="containerd" if table is CONTAINERD else "docker")
    return list(yard.hosts)


def expect_table(run: Watched, yard: Yard, names: list[str]) -> dict[str, dict[str, Any]]:
    """All hosts are in the JSON, and nothing else came of it."""
    assert TRACE not in run.out, run.transcript
    expect_law(run, yard)
    rows = {host["host"]: host for host in json.loads(run.out)["hosts"]}
    assert sorted(rows) == sorted(names)
    return rows


def test_status(yard: Yard, registry: RegistryServer) -> None:
    """The honest host was provisioned before there was a mirror."""
    names = inhabit(yard, registry)
    run = yard.invoke("status", "--json", "--forks", "40")
    rows = expect_table(run, yard, names)
    assert rows["honest"]["drift"] == "uses the earlier mirror", rows["honest"]
    assert rows["honest"]["hub"]["endpoints"][0]["url"] == "http://registry.example.com"
    text = yard.invoke("status", "--forks", "40")
    assert (
        sum(line.startswith("honest ") and " uses the earlier mirror" in line for line in text.out.splitlines()) == 1
    ), text.transcript


def test_doctor(yard: Yard, registry: RegistryServer) -> None:
    names = inhabit(yard, registry)
    run = yard.invoke("doctor", "--json", "--forks", "40")
    rows = expect_table(run, yard, names)
    assert not rows["honest"].get("trouble"), rows["honest"]
    verdicts = {finding["rule"]: finding["verdict"] for finding in rows["honest"]["findings"]}
    assert verdicts["daemon"] == "ok", rows["honest"]


EXPLAINED = (
    "docker-files-1",
    "docker-info-in-2",
    "docker-argv-3",
    "other-programs-1",
    "said-no-json",
    "said-deep-list",
)


@pytest.mark.parametrize("name", EXPLAINED)
def test_explain(yard: Yard, name: str) -> None:
    malice, table = malices()[name]
    yard.add("hostile", OnLooks(malice), table)
    run = yard.invoke("explain", "hostile", "busybox")
    assert run.status in (0, 2, 4), run.transcript
    expect_law(run, yard)
    assert run.status == 0 or len(run.err.splitlines()) <= 3, run.transcript


def verified(malice: Malice | None, yard: Yard, world: World) -> Watched:
    """`invoke verify` over a server and two clients, of which the second one has the malice."""
    fleet = {"server": ("server", None), "client1": ("clients", None), "client2": ("clients", malice)}
    for name, (group, own) in fleet.items():
        facts = {"setup": {"ansible_facts": FACTS}}

        def answer(request: Request, name: str = name) -> dict[str, Any]:
            return world.answer(name, request.module, request.args)

        answers = {**facts, **dict.fromkeys(MODULES_OF_VERIFY, answer)}
        yard.add(name, own, answers, group)
    yard.tunnels_to = world.registry.server_address  # type: ignore[assignment]
    return yard.invoke("verify", "--json")


BAD: dict[str, Malice | None] = {
    "none": None,
    "facts": Edit(lambda request, reply: {"ansible_facts": [1]}, "setup"),
    "engine": Edit(lambda request, reply: {"host_info": [1]}, "docker_host_info"),
    "probe": Edit(
        lambda request, reply: {"layer": 7, "addresses": {"a": 1}, "headers": "x", "status": []}, "registry_probe"
    ),
    "words": Edit(lambda request, reply: {"rc": "x", "stdout": [1], "stderr": None}, "shell"),
    "frames": Say(SAID["deep-list"], "docker_host_info"),
    "end": Say(CUT["eof"], "shell"),
}


@pytest.mark.parametrize("name", BAD)
def test_verify(yard: Yard, registry: RegistryServer, name: str) -> None:
    run = verified(BAD[name], yard, World(registry))
    assert TRACE not in run.out, run.transcript
    expect_law(run, yard)
    summary = json.loads(run.out)
    assert set(summary["hosts"]) == {"server", "client1", "client2"}, run.transcript
    assert summary["hosts"]["client1"]["status"] == "ok", run.transcript
    assert summary["hosts"]["server"]["status"] == "ok", run.transcript
    assert all(route["status"] == "ok" for route in summary["hosts"]["client1"]["routes"].values()), run.transcript
    assert (summary["hosts"]["client2"]["status"] == "ok") == (name == "none"), run.transcript
    assert run.status in ([0] if name == "none" else [2, 4]), run.transcript
