"""Drills that break a change off at a named point: the host comes out of each whole,
and the run says how."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from drills import SETTLED, Drill, at
from invocations import Run


def assert_outcome(drill: Drill, run: Run, point: str) -> None:
    """RUN, which lost the host at POINT, says which configuration holds, and that one does."""
    if point in SETTLED:
        assert run.status == 0, run.transcript
        assert "the change was made: the new configuration is in force" in run.out
        drill.assert_whole(drill.new)
    else:
        assert run.status == 2, run.transcript
        assert drill.engine.undone in drill.message(run)
        drill.assert_whole(drill.old)


def assert_points(drill: Drill, points: Sequence[str]) -> None:
    """The host knows these points, in this order, and no others."""
    names = drill.message(drill.attempt("kill:nothing")).partition("with one of these names: ")[2]
    assert names.split(", ") == list(points)
    drill.assert_whole(drill.old)


def kill_agent(drill: Drill, point: str, failing: str = "step1.seen") -> None:
    """The agent is killed at POINT; FAILING as for `at`."""
    assert_outcome(drill, drill.attempt(at("kill", point, failing)), point)


def cut_connection(drill: Drill, point: str) -> None:
    with drill.hanging(point) as run:
        drill.client.run("pgrep -f '^sshd.*: mooring' | xargs kill -9")
        ended = run.end()
    assert_outcome(drill, ended, point)


def kill_control_side(drill: Drill, point: str) -> None:
    """Nobody hears how it ended."""
    with drill.hanging(point) as run:
        run.kill()
    drill.assert_whole(drill.new if point in SETTLED else drill.old)


Interruption = Callable[[Drill, str], None]
FROM_AFAR: tuple[Interruption, ...] = (cut_connection, kill_control_side)


def exceed_deadline(drill: Drill) -> None:
    drill.fail(drill.engine.undone, fault="hang:step1.seen", registry_client_deadline=4)
    drill.assert_whole(drill.old)


def run_two_at_once(drill: Drill) -> None:
    """The second is refused as long as the first holds the host."""
    with drill.hanging("confirmed") as first:
        drill.fail("another run changes this host's engine: process", " of mooring", "nothing was changed")
        first.kill()
    drill.assert_whole(drill.old)
