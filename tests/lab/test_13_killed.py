"""Chapter 13: whatever is killed or cut during a change, the host ends whole, by itself, and the
message says how."""

from __future__ import annotations

import json
from collections.abc import Iterator

import interruptions
import pytest
from drills import INSECURE_AND_MIRRORS, RELOAD_POINTS, Drill, drilling, mark_long
from lab_hosts import LookedAt, until

pytestmark = pytest.mark.usefixtures("old_settings")

# Where every run tries the slower faults; --long tries them at all points.
FEW = ("journaled", "step1.file1.after", "step1.seen", "undo.step1.asked", "committed")


@pytest.fixture(scope="module")
def drill(client_debian: LookedAt) -> Iterator[Drill]:
    """A change that docker takes over by a reload."""
    process = client_debian.engine_process()
    with drilling(Drill(client_debian, INSECURE_AND_MIRRORS)) as drill:
        yield drill
    assert client_debian.engine_process() == process, "the engine was restarted, though a reload was enough"


def test_these_are_all_points(drill: Drill) -> None:
    interruptions.assert_points(drill, RELOAD_POINTS)


@pytest.mark.parametrize("point", RELOAD_POINTS)
def test_the_agent_is_killed(drill: Drill, point: str) -> None:
    interruptions.kill_agent(drill, point)


@pytest.mark.parametrize(
    ("point", "text"),
    [
        ("validated", "nothing was changed"),
        ("step1.seen", "the old configuration is in force again; 1 container kept"),
        ("confirmed", "the old configuration is in force again; 1 container kept"),
    ],
    ids=["validated", "step1.seen", "confirmed"],
)
def test_a_step_fails(drill: Drill, point: str, text: str) -> None:
    drill.fail(text, fault=f"fail:{point}")
    drill.assert_whole(drill.old)


@pytest.mark.parametrize("point", mark_long(RELOAD_POINTS, FEW))
@pytest.mark.parametrize("interrupt", interruptions.FROM_AFAR)
def test_the_run_is_broken_off(drill: Drill, interrupt: interruptions.Interruption, point: str) -> None:
    interrupt(drill, point)


def test_the_control_side_is_killed_and_the_guard_too(drill: Drill) -> None:
    with drill.hanging("step1.seen") as run:
        drill.client.run("systemctl kill --signal=KILL 'mooring-guard-*'")
        run.kill()
    assert drill.digests() == drill.new
    foretold = drill.provision("--check")
    assert "was interrupted: what holds now may not last" in foretold.out
    again = drill.provision()
    assert again.status == 0, again.transcript
    assert "was interrupted and has been undone first: the old configuration is in force again" in again.out
    drill.assert_whole(drill.old)


def test_a_run_that_takes_too_long(drill: Drill) -> None:
    interruptions.exceed_deadline(drill)


def test_two_at_once(drill: Drill) -> None:
    interruptions.run_two_at_once(drill)


def test_a_lock_that_nobody_holds_is_none(drill: Drill) -> None:
    drill.client.run("echo '{\"pid\": 1}' > /run/mooring.lock")
    run = drill.attempt()
    assert run.status == 0, run.transcript
    drill.assert_whole(drill.new)


def test_the_guard_outlives_nothing(drill: Drill) -> None:
    with drill.hanging("step1.seen"):
        until(
            lambda: "mooring-guard-" in drill.client.run("systemctl list-units 'mooring-guard-*'"), "the guard stands"
        )
        assert not drill.client.succeeds("ls /run/mooring")
        journal = json.loads(drill.client.run("cat /var/lib/mooring/transaction.reload"))
        assert journal["login"].startswith("mooring")
    drill.assert_whole(drill.old)
