"""Chapter 26, told with --long only: newer engines, which judge their configuration
themselves, are changed."""

from __future__ import annotations

from collections.abc import Iterator

import host_faults
import interruptions
import pytest
from drills import INSECURE_AND_MIRRORS, RELOAD_POINTS, Drill, drilling
from invocations import succeed
from lab_hosts import LookedAt
from opt_in import FLEET

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("old_settings")]

SLOW = ("journaled", "step1.file1.after", "step1.asked", "confirmed", "undo.step1.asked", "committed")


@pytest.fixture(scope="module", params=["client-docker26", "client-docker28"])
def drill(opt_in: list[LookedAt], request: pytest.FixtureRequest) -> Iterator[Drill]:
    """A change that docker takes over by a reload; its process and its container outlive
    the whole chapter."""
    drill = Drill(LookedAt.named(request.param), INSECURE_AND_MIRRORS, FLEET)
    succeed(drill.provision())
    process = drill.client.engine_process()
    with drilling(drill):
        yield drill
    assert drill.client.engine_process() == process, "the engine was restarted, though a reload was enough"


def test_these_are_all_points(drill: Drill) -> None:
    interruptions.assert_points(drill, RELOAD_POINTS)


@pytest.mark.parametrize("point", RELOAD_POINTS)
def test_the_agent_is_killed(drill: Drill, point: str) -> None:
    interruptions.kill_agent(drill, point)


@pytest.mark.parametrize("point", SLOW)
@pytest.mark.parametrize("interrupt", interruptions.FROM_AFAR)
def test_the_run_is_broken_off(drill: Drill, interrupt: interruptions.Interruption, point: str) -> None:
    interrupt(drill, point)


def test_the_engine_itself_refuses(drill: Drill) -> None:
    """Only the host's own `dockerd --validate` sees that a program is missing, which
    texts cannot tell."""
    edit = host_faults.with_keys(drill.client, **{"userland-proxy-path": "/opt/gone/docker-proxy"})
    with host_faults.edited(drill.client, host_faults.DAEMON_JSON, edit):
        before = drill.digests()
        refusal = "docker would not start with the new configuration; it says: "
        drill.fail(refusal, "invalid userland-proxy-path", "nothing was changed")
        drill.assert_whole(before)
    drill.assert_whole(drill.old)


@pytest.mark.parametrize("fault", host_faults.FAULTS)
def test_the_engine_works_on_where(drill: Drill, fault: str) -> None:
    host_faults.FAULTS[fault](drill)
