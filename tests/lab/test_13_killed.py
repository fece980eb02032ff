"""Chapter 13: whatever is killed or cut during a change, the host ends whole, by itself, and the message says how."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from drills import Drill, at
from invocations import Run
from lab_hosts import LookedAt, until

from mooring.agent.transaction import faults

NAME = "drill.example.com"
NAMES = ["registry.example.com", "docker.registry.example.com", NAME]
MIRRORS = ["http://registry.example.com", f"http://{NAME}"]
STEP = {"files": [{}, {}], "then": "reload"}
POINTS = faults.points([STEP], {"reload": [STEP]})
# From here on the new settings hold.
SETTLED = ("committed", "tidied")
# Where every run tries the slower faults; --long tries them at all points.
FEW = ("journaled", "step1.file1.after", "step1.seen", "undo.step1.asked", "committed")
EVERY = [point if point in FEW else pytest.param(point, marks=pytest.mark.long) for point in POINTS]
OLD = "the host has brought the old configuration back by itself; docker answers"


@pytest.fixture(scope="module")
def drill(client_debian: LookedAt) -> Iterator[Drill]:
    """A change that docker takes over by a reload."""
    change = {"registry_client_insecure_registries": NAMES, "registry_client_mirrors": MIRRORS}
    drill = Drill(client_debian, change, NAME)
    process = client_debian.engine_process()
    drill.prepare()
    yield drill
    drill.finish()
    assert client_debian.engine_process() == process, "the engine was restarted, though a reload was enough"


@pytest.fixture(autouse=True)
def as_before(drill: Drill) -> None:
    drill.put_back()


def test_these_are_all_points(drill: Drill) -> None:
    named = drill.message(drill.attempt("kill:nothing")).partition("with one of these names: ")[2]
    assert named.split(", ") == POINTS
    drill.is_whole(drill.old)


@pytest.mark.parametrize("point", POINTS)
def test_the_agent_is_killed(drill: Drill, point: str) -> None:
    is_told(drill, drill.attempt(at("kill", point)), point)


def is_told(drill: Drill, run: Run, point: str) -> None:
    """The run says which configuration holds, and that one does."""
    if point in SETTLED:
        assert run.status == 0, run.said
        assert "the change was done: the new configuration is in force" in run.out
        drill.is_whole(drill.new)
    else:
        assert run.status == 2, run.said
        assert OLD in drill.message(run)
        drill.is_whole(drill.old)


@pytest.mark.parametrize("point", ["validated", "step1.seen", "confirmed"])
def test_a_step_fails(drill: Drill, point: str) -> None:
    run = drill.attempt(f"fail:{point}")
    assert run.status == 2, run.said
    told = (
        "nothing was changed" if point == "validated" else "the old configuration is in force again; 1 container kept"
    )
    assert told in drill.message(run)
    drill.is_whole(drill.old)


@pytest.mark.parametrize("point", EVERY)
def test_the_connection_is_cut(drill: Drill, point: str) -> None:
    with drill.hanging(point) as run:
        drill.client.run("pgrep -f '^sshd: mooring' | xargs kill -9")
        ended = run.end()
    is_told(drill, ended, point)


@pytest.mark.parametrize("point", EVERY)
def test_the_control_side_is_killed(drill: Drill, point: str) -> None:
    with drill.hanging(point) as run:
        run.kill()
    drill.is_whole(drill.new if point in SETTLED else drill.old)


def test_the_control_side_is_killed_and_the_guard_too(drill: Drill) -> None:
    with drill.hanging("step1.seen") as run:
        drill.client.run("systemctl kill --signal=KILL 'mooring-guard-*'")
        run.kill()
    assert drill.digests() == drill.new
    foretold = drill.provision("--check")
    assert "was interrupted: what holds now may not last" in foretold.out
    again = drill.provision()
    assert again.status == 0, again.said
    assert "was interrupted and has been undone first: the old configuration is in force again" in again.out
    drill.is_whole(drill.old)


def test_a_run_that_takes_too_long(drill: Drill) -> None:
    run = drill.attempt("hang:step1.seen", registry_client_deadline=4)
    assert run.status == 2, run.said
    assert OLD in drill.message(run)
    drill.is_whole(drill.old)


def test_two_at_once(drill: Drill) -> None:
    with drill.hanging("confirmed") as first:
        second = drill.attempt()
        assert second.status == 2, second.said
        assert "another run changes this host's engine: process" in drill.message(second)
        assert " of mooring" in drill.message(second)
        assert "nothing was changed" in drill.message(second)
        first.kill()
    drill.is_whole(drill.old)


def test_a_lock_that_nobody_holds_is_none(drill: Drill) -> None:
    drill.client.run("echo '{\"pid\": 1}' > /run/mooring.lock")
    run = drill.attempt()
    assert run.status == 0, run.said
    drill.is_whole(drill.new)


def test_the_guard_outlives_nothing(drill: Drill) -> None:
    with drill.hanging("step1.seen"):
        until(
            lambda: "mooring-guard-" in drill.client.run("systemctl list-units 'mooring-guard-*'"), "the guard stands"
        )
        assert not drill.client.succeeds("ls /run/mooring")
        journal = json.loads(drill.client.run("cat /var/lib/mooring/transaction.reload"))
        assert journal["login"].startswith("mooring")
    drill.is_whole(drill.old)
