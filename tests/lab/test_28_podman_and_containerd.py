"""Chapter 28, told with --long only: a change of podman's or containerd's files that is broken off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drilled import CONTAINERD, PODMAN, Drilled
from drills import Drill, at
from fault_places import full, mounted
from invocations import invoke, succeed
from lab_hosts import LookedAt, until
from opt_in import FLEET

from mooring.agent.transaction import faults

pytestmark = pytest.mark.long

NAME = "drill.example.com"
CHANGE = {
    "registry_client_insecure_registries": ["registry.example.com", "docker.registry.example.com", NAME],
    "registry_client_mirrors": ["http://registry.example.com", f"http://{NAME}"],
}
SETTLED = ("committed", "tidied")
SLOW = ("journaled", "step1.file1.after", "step1.seen", "confirmed", "committed")
OLD = "the host has brought the old configuration back by itself"
ENGINES: dict[str, tuple[Drilled, int]] = {"client-podman": (PODMAN, 1), "client-containerd": (CONTAINERD, 3)}
"""What is drilled on each host, and how many files the change touches."""


def points(name: str) -> list[str]:
    return faults.points([{"files": [{}] * ENGINES[name][1], "then": "nothing"}], {})


@pytest.fixture(scope="module", params=ENGINES)
def drill(opt_in: list[LookedAt], request: pytest.FixtureRequest) -> Iterator[Drill]:
    """A change of what the engine reads at every pull."""
    engine, _ = ENGINES[request.param]
    drill = Drill(LookedAt.named(request.param), CHANGE, NAME, FLEET, engine)
    succeed(drill.provision())
    drill.prepare()
    yield drill
    drill.finish()


@pytest.fixture(autouse=True)
def as_before(drill: Drill) -> None:
    drill.put_back()


def test_the_agent_is_killed_at_every_point(drill: Drill) -> None:
    named = drill.message(drill.attempt("kill:nothing")).partition("with one of these names: ")[2].split(", ")
    assert named == points(drill.client.name)
    for point in named:
        run = drill.attempt(at("kill", point, failing="step1.seen"))
        if point in SETTLED:
            assert run.status == 0, run.said
            assert "the change was done: the new configuration is in force" in run.out
            drill.is_whole(drill.new)
            drill.put_back()
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
        first.kill()
    drill.is_whole(drill.old)


def test_a_full_disk(drill: Drill) -> None:
    folder = "/etc/containers" if drill.engine is PODMAN else "/etc/containerd"
    with mounted(drill.client, full(folder), folder):
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


def test_a_file_that_the_engine_cannot_read(drill: Drill) -> None:
    """Somebody else's mistake is told with its place before anything is written, and never made worse."""
    path = drill.engine.files[0]
    drill.client.run(f"cp -p {path} /root/drill-kept && echo '= broken' >> {path}")
    spoiled = drill.digests()
    try:
        run = drill.attempt()
        assert run.status == 2, run.said
        assert path in drill.message(run)
        until(lambda: drill.digests() == spoiled, "the file is left alone")
    finally:
        drill.client.run(f"mv /root/drill-kept {path}")
    drill.is_whole(drill.old)


def test_a_restart_of_containerd_touches_no_container(drill: Drill) -> None:
    """Where config.toml does not name the directory of hosts.toml yet, containerd has to be restarted once."""
    if drill.engine is not CONTAINERD:
        pytest.skip("podman has no daemon")
    succeed(invoke("deprovision-clients", *FLEET, "--limit", drill.client.name))
    tasks, process = drill.client.run("ctr tasks ls"), drill.client.run("systemctl show containerd -p MainPID")
    for point in ("step1.asked", "step1.seen", "undo.step1.asked"):
        run = drill.provision("-e", drill.variables(at("kill", point), registry_client_insecure_registries=[NAME]))
        assert run.status == 2, run.said
        assert OLD in drill.message(run)
        assert drill.client.run("ctr tasks ls") == tasks
        assert not drill.client.succeeds("grep -q config_path /etc/containerd/config.toml")
    run = succeed(drill.provision())
    assert "a restart" in run.out
    assert drill.client.run("ctr tasks ls") == tasks
    assert drill.client.run("systemctl show containerd -p MainPID") != process
    drill.container = drill.client.run(drill.engine.inspect)
    drill.is_whole(drill.old)


def test_everything_comes_out_again(drill: Drill) -> None:
    """To the byte, beside what the operator has of his own, oddly written."""
    off = ("deprovision-clients", "--json", *FLEET, "--limit", drill.client.name)
    path = drill.engine.files[0]
    table = "\\t[[registry]] # own\\nlocation='own.example.com'\\n" if drill.engine is PODMAN else ""
    own = f"\\n# mine \\t\\n{table}"
    drill.client.run(f"cp -p {path} /root/drill-kept")
    try:
        succeed(invoke(*off))
        drill.client.run(f'printf "{own}" >> {path}')
        before = drill.client.files()
        succeed(invoke("provision-clients", *FLEET, "--limit", drill.client.name))
        assert drill.client.files() != before
        succeed(invoke(*off))
        assert digests(drill.client.files()) == digests(before)
        assert succeed(invoke(*off)).count("changed") == {drill.client.name: 0}
    finally:
        drill.client.run(f"mv /root/drill-kept {path}")
        succeed(invoke("provision-clients", *FLEET, "--limit", drill.client.name))
    drill.container = drill.client.run(drill.engine.inspect)


def digests(files: dict[str, str]) -> dict[str, str]:
    """Owner, mode and content; not the time."""
    return {path: " ".join((*told.split()[:2], told.split()[-1])) for path, told in files.items()}
