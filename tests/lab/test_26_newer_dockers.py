"""Chapter 26, told with --long only: newer engines, which judge their configuration themselves, are changed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from drills import Drill, at
from fault_places import full, mounted
from invocations import succeed
from lab_hosts import LookedAt
from opt_in import FLEET
from test_15_faults import (  # noqa: F401 - told once more, of these engines
    test_a_daemon_json_that_would_stop_the_daemon,
    test_a_drop_in_that_conflicts,
    test_a_file_that_changes_meanwhile,
)

from mooring.agent.transaction import faults

pytestmark = pytest.mark.long

DAEMON_JSON = "/etc/docker/daemon.json"
NAME = "drill.example.com"
CHANGE = {
    "registry_client_insecure_registries": ["registry.example.com", "docker.registry.example.com", NAME],
    "registry_client_mirrors": ["http://registry.example.com", f"http://{NAME}"],
}
STEP = {"files": [{}, {}], "then": "reload"}
POINTS = faults.points([STEP], {"reload": [STEP]})
SETTLED = ("committed", "tidied")
SLOW = ("journaled", "step1.file1.after", "step1.asked", "confirmed", "undo.step1.asked", "committed")
OLD = "the host has brought the old configuration back by itself; docker answers"


@pytest.fixture(scope="module", params=["client-docker26", "client-docker28"])
def drill(opt_in: list[LookedAt], request: pytest.FixtureRequest) -> Iterator[Drill]:
    """A change that docker takes over by a reload; its process and its container outlive the whole chapter."""
    client = LookedAt.named(request.param)
    succeed(Drill(client, CHANGE, NAME, FLEET).provision())
    process = client.engine_process()
    drill = Drill(client, CHANGE, NAME, FLEET)
    drill.prepare()
    yield drill
    drill.finish()
    assert client.engine_process() == process, "the engine was restarted, though a reload was enough"


@pytest.fixture(autouse=True)
def as_before(drill: Drill) -> None:
    drill.put_back()


def test_these_are_all_points(drill: Drill) -> None:
    named = drill.message(drill.attempt("kill:nothing")).partition("with one of these names: ")[2]
    assert named.split(", ") == POINTS
    drill.is_whole(drill.old)


@pytest.mark.parametrize("point", POINTS)
def test_the_agent_is_killed(drill: Drill, point: str) -> None:
    run = drill.attempt(at("kill", point))
    if point in SETTLED:
        assert run.status == 0, run.said
        assert "the change was done: the new configuration is in force" in run.out
        drill.is_whole(drill.new)
    else:
        assert run.status == 2, run.said
        assert OLD in drill.message(run)
        drill.is_whole(drill.old)


@pytest.mark.parametrize("point", SLOW)
def test_the_connection_is_cut(drill: Drill, point: str) -> None:
    with drill.hanging(point) as run:
        drill.client.run("pgrep -f '^sshd.*: mooring' | xargs kill -9")
        ended = run.end()
    assert ended.status == (0 if point in SETTLED else 2), ended.said
    drill.is_whole(drill.new if point in SETTLED else drill.old)


@pytest.mark.parametrize("point", SLOW)
def test_the_control_side_is_killed(drill: Drill, point: str) -> None:
    with drill.hanging(point) as run:
        run.kill()
    drill.is_whole(drill.new if point in SETTLED else drill.old)


def test_the_engine_itself_refuses(drill: Drill) -> None:
    """Only the host's own `dockerd --validate` sees that a program is missing, which texts cannot tell."""
    kept = drill.client.run(f"cat {DAEMON_JSON}")
    spoiled = json.dumps({**json.loads(kept), "userland-proxy-path": "/opt/gone/docker-proxy"})
    drill.client.run(f"echo '{spoiled}' > {DAEMON_JSON}")
    before = drill.digests()
    try:
        run = drill.attempt()
        assert run.status == 2, run.said
        assert "docker would not start with the new configuration; it says: " in drill.message(run)
        assert "invalid userland-proxy-path" in drill.message(run)
        assert "nothing was changed" in drill.message(run)
        drill.is_whole(before)
    finally:
        drill.client.run(f"cat > {DAEMON_JSON} <<'EOF'\n{kept}EOF")
    drill.is_whole(drill.old)


def test_a_full_disk(drill: Drill) -> None:
    with mounted(drill.client, full("/etc/docker"), "/etc/docker"):
        run = drill.attempt()
        assert run.status == 2, run.said
        assert "No space left on device; nothing was changed" in drill.message(run)
        drill.is_whole(drill.old)


def test_a_file_system_that_cannot_be_written(drill: Drill) -> None:
    with mounted(drill.client, "mount --bind /etc /etc && mount -o remount,bind,ro /etc", "/etc"):
        run = drill.attempt()
        assert run.status == 2, run.said
        assert "Read-only file system; nothing was changed" in drill.message(run)
        drill.is_whole(drill.old)


def test_a_masked_engine(drill: Drill) -> None:
    drill.client.run("systemctl mask docker")
    try:
        run = drill.attempt()
        assert run.status == 2, run.said
        assert "docker.service is masked" in drill.message(run)
        drill.is_whole(drill.old)
    finally:
        drill.client.run("systemctl unmask docker")
