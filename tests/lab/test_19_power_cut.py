"""Chapter 19: the power goes in the middle of a change. The host boots with the old files or with
the new ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drilled_engines import AUTHORITY, CONTAINER
from drills import INSECURE_AND_MIRRORS, MIRRORS, NAME, RELOAD_POINTS, SETTLED, Digests, Drill, restart_points
from interruptions import assert_outcome, assert_points
from invocations import CHECKOUT, succeed
from lab_hosts import LookedAt

# What Red Hat's engine restarts for: daemon.json, its
# variables, a registry's authority and Mooring's record.
POINTS = {"client-debian": RELOAD_POINTS, "client-el7": restart_points(4)}
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
        "client-debian": INSECURE_AND_MIRRORS,
        "client-el7": {
            "registry_client_mirrors": MIRRORS,
            "registry_client_add_registries": ["registry.example.com", NAME],
            "registry_client_registries": [{"name": AUTHORITY, "ca_file": authority}],
        },
    }
    drills = {client.name: Drill(client, changes[client.name]) for client in clients}
    for drill in drills.values():
        drill.prepare()
    yield drills
    for drill in drills.values():
        drill.finish()


@pytest.mark.parametrize("name", POINTS)
def test_these_are_all_points(drills: dict[str, Drill], name: str) -> None:
    drills[name].put_back()
    assert_points(drills[name], POINTS[name])


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
    drill.assert_whole(drill.old)


def test_the_run_learns_how_it_ended(drills: dict[str, Drill]) -> None:
    """It connects again when the host is up."""
    drill = drills["client-debian"]
    drill.put_back()
    with drill.hanging("step1.seen") as run:
        drill.client.cut_power()
        booted_whole(drill, drill.old)
        ended = run.end()
    assert_outcome(drill, ended, "step1.seen")


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
    messages = drill.client.lines("journalctl -o cat -u mooring-undo -n 20 | grep -v systemd")
    assert "the old configuration is in force again" in messages


def booted_whole(drill: Drill, expected: Digests) -> None:
    """Switched on again, the host has these settings, nothing of ours, no failed unit,
    and a docker at work."""
    drill.client.start()
    assert drill.client.run(f"docker start {CONTAINER}").strip() == CONTAINER
    drill.container = drill.client.run(drill.engine.inspect)
    drill.assert_whole(expected)
    assert drill.client.lines("systemctl --failed --plain --no-legend") == []
    assert not drill.client.succeeds("ls /var/lib/mooring")
