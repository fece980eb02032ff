"""Chapter 27, told with --long only: docker 28 must be restarted, as a flag of its running daemon stands in the way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from drills import Drill, at
from lab_hosts import LookedAt
from opt_in import FLEET

pytestmark = pytest.mark.long

DAEMON_JSON = "/etc/docker/daemon.json"
FLAGS = "/etc/default/docker"
DROP_IN = "/etc/systemd/system/docker.service.d/drill.conf"
NAME = "drill.example.com"
CHANGE = {"registry_client_insecure_registries": ["registry.example.com", "docker.registry.example.com", NAME]}
POINTS = ("journaled", "step1.file1.after", "step1.asked", "step1.seen", "confirmed", "committed", "tidied")
UNDOING = ("undo.begun", "undo.step1.asked", "undo.restored", "undo.closed")
# systemd counts starts, and would refuse the fourth of a minute.
RESTART = "systemctl reset-failed docker docker.socket && systemctl restart docker"
SETTLED = ("committed", "tidied")
OLD = "the host has brought the old configuration back by itself; docker answers"


@pytest.fixture(scope="module")
def drill(opt_in: list[LookedAt]) -> Iterator[Drill]:
    client = LookedAt.named("client-docker28")
    drill = Drill(client, CHANGE, NAME, FLEET)
    kept = client.run(f"cat {DAEMON_JSON}")
    live = json.dumps({**json.loads(kept), "live-restore": True})
    client.run(f"echo '{live}' > {DAEMON_JSON} && systemctl reload docker")
    drill.prepare()
    yield drill
    client.run(f"cat > {DAEMON_JSON} <<'EOF'\n{kept}EOF\n{RESTART}")
    drill.finish()


@pytest.fixture(autouse=True)
def flagged(drill: Drill) -> None:
    """The daemon runs with a flag that nothing says any more; it would refuse every file with that key."""
    drill.put_back()
    drill.client.run(
        f"cp -p {DAEMON_JSON} {FLAGS} /root && echo '{{}}' > {DAEMON_JSON}"
        f" && echo DOCKER_OPTS=\"'--live-restore --insecure-registry=192.0.2.0/24'\" >> {FLAGS}"
        f" && {RESTART}; mv /root/daemon.json {DAEMON_JSON} && mv /root/docker {FLAGS}"
    )
    assert "192.0.2.0/24" in drill.client.run("docker info")


def test_no_container_feels_it(drill: Drill) -> None:
    run = drill.attempt()
    assert run.status == 0, run.said
    assert "docker was restarted; 1 container kept running" in run.out
    drill.is_whole(drill.new)


@pytest.mark.parametrize("point", [*POINTS, *UNDOING])
def test_the_agent_is_killed(drill: Drill, point: str) -> None:
    run = drill.attempt(at("kill", point))
    if point in SETTLED:
        assert run.status == 0, run.said
        drill.is_whole(drill.new)
    else:
        assert run.status == 2, run.said
        assert OLD in drill.message(run)
        drill.is_whole(drill.old)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (f"! grep -q {NAME} {DAEMON_JSON}", "docker.service does not start"),
        (f"while grep -q {NAME} {DAEMON_JSON}; do sleep 1; done", "docker.service is still activating"),
    ],
    ids=["fails", "hangs"],
)
def test_a_daemon_that_does_not_come_up(drill: Drill, start: str, said: str) -> None:
    folder = DROP_IN.rpartition("/")[0]
    drill.client.run(f"mkdir -p {folder} && printf '[Service]\\nExecStartPre=/bin/sh -c \"{start}\"\\n' > {DROP_IN}")
    drill.client.run("systemctl daemon-reload")
    try:
        run = drill.attempt(registry_client_deadline=20)
        assert run.status == 2, run.said
        assert said in drill.message(run)
        assert "the old configuration is in force again; 1 container kept running" in drill.message(run)
    finally:
        drill.client.run(f"rm -r {folder} && systemctl daemon-reload")
    drill.is_whole(drill.old)
