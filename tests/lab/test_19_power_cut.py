"""Chapter 19: the power goes in the middle of a change. The host boots with the old files or with the new ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drilled import AUTHORITY, CONTAINER, DOCKER
from drills import Digests, Drill
from invocations import CHECKOUT, succeed
from lab_hosts import LookedAt

from mooring.agent.transaction import faults

NAME = "drill.example.com"
NAMES = ["registry.example.com", "docker.registry.example.com", NAME]
MIRRORS = ["http://registry.example.com", f"http://{NAME}"]
# One file of the engine and Mooring's record, taken over by a reload.
RELOAD = {"files": [{}, {}], "then": "reload"}
# Red Hat's engine: daemon.json, its variables, a registry's
# authority and the record, with live-restore lent meanwhile.
ONE, FOUR = [{}], [{}] * 4
RESTART = [
    {"files": files, "then": then}
    for files, then in ((ONE, "reload"), (FOUR, "restart"), (ONE, "reload"), (ONE, "nothing"))
]
BACK = [{"files": ONE, "then": then} for then in ("reload", "restart", "reload")]
POINTS = {
    "client-debian": faults.points([RELOAD], {"reload": [RELOAD]}),
    "client-el7": faults.points(RESTART, {"reload": BACK[:1], "restart": BACK}),
}
# The new settings hold from here on.
SETTLED = ("committed", "tidied")
# Where every run cuts the power; --long does at all points.
FEW = {"client-debian": ("step1.file1.after", "committed"), "client-el7": ("step2.file2.after",)}
EVERY = [
    pytest.param(name, point, marks=[] if point in FEW[name] else pytest.mark.long)
    for name, points in POINTS.items()
    for point in points
]


@pytest.fixture(scope="module")
def drills(clients: list[LookedAt]) -> Iterator[dict[str, Drill]]:
    """A change on each of the two hosts."""
    authority = str(CHECKOUT / ".lab" / "ca" / "ca.crt")
    changes = {
        "client-debian": {"registry_client_insecure_registries": NAMES, "registry_client_mirrors": MIRRORS},
        "client-el7": {
            "registry_client_mirrors": MIRRORS,
            "registry_client_add_registries": ["registry.example.com", NAME],
            "registry_client_registries": [{"name": AUTHORITY, "ca_file": authority}],
        },
    }
    found = {client.name: Drill(client, changes[client.name], NAME) for client in clients}
    for drill in found.values():
        drill.prepare()
    yield found
    for drill in found.values():
        drill.finish()


@pytest.mark.parametrize("name", POINTS)
def test_these_are_all_points(drills: dict[str, Drill], name: str) -> None:
    drill = drills[name]
    named = drill.message(drill.attempt("kill:nothing")).partition("with one of these names: ")[2]
    assert named.split(", ") == POINTS[name]
    assert set(FEW[name]) <= set(POINTS[name])


@pytest.mark.parametrize(("name", "point"), EVERY)
def test_the_power_is_cut(drills: dict[str, Drill], name: str, point: str) -> None:
    drill = drills[name]
    drill.put_back()
    with drill.hanging(point, failing="step3.seen" if name == "client-el7" else "step1.seen") as run:
        drill.client.cut_power()
        run.kill()
    booted_whole(drill, drill.new if point in SETTLED else drill.old)
    succeed(drill.provision())
    assert succeed(drill.provision()).count("changed") == {name: 0}
    drill.is_whole(drill.old)


def test_the_run_learns_how_it_ended(drills: dict[str, Drill]) -> None:
    """It connects again when the host is up."""
    drill = drills["client-debian"]
    drill.put_back()
    with drill.hanging("step1.seen") as run:
        drill.client.cut_power()
        booted_whole(drill, drill.old)
        ended = run.end()
    assert ended.status == 2, ended.said
    assert "the host has brought the old configuration back by itself; docker answers" in drill.message(ended)


def test_the_host_is_rebooted(drills: dict[str, Drill]) -> None:
    """Processes are asked to end this time, the guard among them."""
    drill = drills["client-debian"]
    drill.put_back()
    with drill.hanging("step1.file1.after") as run:
        drill.client.stop()
        run.kill()
    booted_whole(drill, drill.old)


def test_all_of_ours_are_killed_and_then_the_power_goes(drills: dict[str, Drill]) -> None:
    """The host stays as it was killed, in between; its next boot is what undoes."""
    drill = drills["client-debian"]
    drill.put_back()
    with drill.hanging("step1.file1.after") as run:
        drill.client.run("systemctl kill --signal=KILL 'mooring-guard-*'")
        run.kill()
    assert drill.digests() not in (drill.old, drill.new)
    drill.client.run("systemctl daemon-reload && systemctl reset-failed 'mooring-guard-*'")
    drill.client.cut_power()
    booted_whole(drill, drill.old)
    said = drill.client.lines("journalctl -o cat -u mooring-undo -n 20 | grep -v systemd")
    assert "the old configuration is in force again" in said


def booted_whole(drill: Drill, expected: Digests) -> None:
    """Switched on again, the host has these settings, nothing of ours, no failed unit, and a docker at work."""
    drill.client.start()
    assert drill.client.run(f"docker start {CONTAINER}").strip() == CONTAINER
    drill.container = drill.client.run(DOCKER.inspect)
    drill.is_whole(expected)
    assert drill.client.lines("systemctl --failed --plain --no-legend") == []
    assert not drill.client.succeeds("ls /var/lib/mooring")
