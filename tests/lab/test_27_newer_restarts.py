"""Chapter 27, told with --long only: docker 28 must be restarted, as a flag of its running daemon
stands in the way."""

from __future__ import annotations

from collections.abc import Iterator

import interruptions
import pytest
from drills import INSECURE, Drill
from host_faults import DAEMON_JSON, STARTS, edited, keep_daemon_from_starting, with_keys
from invocations import succeed
from lab_hosts import LookedAt
from opt_in import FLEET

pytestmark = pytest.mark.long

FLAGS = "/etc/default/docker"
POINTS = ("journaled", "step1.file1.after", "step1.asked", "step1.seen", "confirmed", "committed", "tidied")
UNDOING = ("undo.begun", "undo.step1.asked", "undo.restored", "undo.closed")
# systemd counts starts, and would refuse the fourth of a minute.
RESTART = "systemctl reset-failed docker docker.socket && systemctl restart docker"


@pytest.fixture(scope="module")
def drill(opt_in: list[LookedAt]) -> Iterator[Drill]:
    """A change on a daemon that restarts without its containers, whose flags are
    edited by `flagged`."""
    drill = Drill(LookedAt.named("client-docker28"), INSECURE, FLEET)
    live = with_keys(drill.client, **{"live-restore": True})
    with edited(drill.client, DAEMON_JSON, f"{live} && systemctl reload docker"):
        drill.prepare()
        yield drill
    drill.client.run(RESTART)
    drill.finish()


@pytest.fixture(autouse=True)
def flagged(drill: Drill) -> None:
    """The daemon runs with a flag that nothing says any more; it would refuse every
    file with that key."""
    drill.put_back()
    drill.client.run(
        f"cp -p {DAEMON_JSON} {FLAGS} /root && echo '{{}}' > {DAEMON_JSON}"
        f" && echo DOCKER_OPTS=\"'--live-restore --insecure-registry=192.0.2.0/24'\" >> {FLAGS}"
        f" && {RESTART}; mv /root/daemon.json {DAEMON_JSON} && mv /root/docker {FLAGS}"
    )
    assert "192.0.2.0/24" in drill.client.run("docker info")


def test_no_container_feels_it(drill: Drill) -> None:
    run = succeed(drill.attempt())
    assert "docker was restarted; 1 container kept running" in run.out
    drill.assert_whole(drill.new)


@pytest.mark.parametrize("point", [*POINTS, *UNDOING])
def test_the_agent_is_killed(drill: Drill, point: str) -> None:
    interruptions.kill_agent(drill, point)


@pytest.mark.parametrize("start", STARTS)
def test_a_daemon_that_does_not_come_up(drill: Drill, start: str) -> None:
    keep_daemon_from_starting(drill, *STARTS[start])
