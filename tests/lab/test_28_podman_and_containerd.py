"""Chapter 28, told with --long only: a change of podman's or containerd's files that is broken
off."""

from __future__ import annotations

from collections.abc import Iterator

import host_faults
import interruptions
import pytest
from drilled_engines import CONTAINERD, PODMAN, DrilledEngine
from drills import INSECURE_AND_MIRRORS, NAME, Drill, at, drilling
from invocations import invoke, succeed
from lab_hosts import LookedAt, until
from opt_in import FLEET

from mooring.agent.transaction import faults

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("old_settings")]

SLOW = ("journaled", "step1.file1.after", "step1.seen", "confirmed", "committed")
ENGINES: dict[str, tuple[DrilledEngine, int]] = {"client-podman": (PODMAN, 1), "client-containerd": (CONTAINERD, 3)}
"""What is drilled on each host, and how many files the change touches."""


def points(name: str) -> list[str]:
    return faults.points([{"files": [{}] * ENGINES[name][1], "then": "nothing"}], {})


@pytest.fixture(scope="module", params=ENGINES)
def drill(opt_in: list[LookedAt], request: pytest.FixtureRequest) -> Iterator[Drill]:
    """A change of what the engine reads at every pull."""
    engine, _ = ENGINES[request.param]
    drill = Drill(LookedAt.named(request.param), INSECURE_AND_MIRRORS, FLEET, engine)
    succeed(drill.provision())
    with drilling(drill):
        yield drill


def test_the_agent_is_killed_at_every_point(drill: Drill) -> None:
    names = points(drill.client.name)
    interruptions.assert_points(drill, names)
    for point in names:
        interruptions.kill_agent(drill, point)
        drill.put_back()


@pytest.mark.parametrize("point", SLOW)
@pytest.mark.parametrize("interrupt", interruptions.FROM_AFAR)
def test_the_run_is_broken_off(drill: Drill, interrupt: interruptions.Interruption, point: str) -> None:
    interrupt(drill, point)


def test_a_run_that_takes_too_long(drill: Drill) -> None:
    interruptions.exceed_deadline(drill)


def test_two_at_once(drill: Drill) -> None:
    interruptions.run_two_at_once(drill)


def test_a_full_disk(drill: Drill) -> None:
    host_faults.fill_disk(drill, drill.engine.folder)


def test_a_file_system_that_cannot_be_written(drill: Drill) -> None:
    host_faults.forbid_writing(drill)


def test_a_file_that_the_engine_cannot_read(drill: Drill) -> None:
    """Somebody else's mistake is told with its place before anything is written,
    and never made worse."""
    path = drill.engine.files[0]
    with host_faults.edited(drill.client, path, f"echo '= broken' >> {path}"):
        spoiled = drill.digests()
        drill.fail(path)
        until(lambda: drill.digests() == spoiled, "the file is left alone")
    drill.assert_whole(drill.old)


def test_a_restart_of_containerd_touches_no_container(drill: Drill) -> None:
    """Where config.toml does not name the directory of hosts.toml yet, containerd has to be
    restarted once."""
    if drill.engine is not CONTAINERD:
        pytest.skip("podman has no daemon")
    succeed(invoke("deprovision-clients", *FLEET, "--limit", drill.client.name))
    tasks, process = drill.client.run("ctr tasks ls"), drill.client.run("systemctl show containerd -p MainPID")
    for point in ("step1.asked", "step1.seen", "undo.step1.asked"):
        drill.fail(drill.engine.undone, fault=at("kill", point), registry_client_insecure_registries=[NAME])
        assert drill.client.run("ctr tasks ls") == tasks
        assert not drill.client.succeeds("grep -q config_path /etc/containerd/config.toml")
    run = succeed(drill.provision())
    assert "a restart" in run.out
    assert drill.client.run("ctr tasks ls") == tasks
    assert drill.client.run("systemctl show containerd -p MainPID") != process
    drill.container = drill.client.run(drill.engine.inspect)
    drill.assert_whole(drill.old)


def test_everything_comes_out_again(drill: Drill) -> None:
    """To the byte, beside what the operator has of his own, oddly written."""
    off = ("deprovision-clients", "--json", *FLEET, "--limit", drill.client.name)
    path = drill.engine.files[0]
    table = "\\t[[registry]] # own\\nlocation='own.example.com'\\n" if drill.engine is PODMAN else ""
    with host_faults.edited(drill.client, path, "true"):
        succeed(invoke(*off))
        drill.client.run(f'printf "\\n# mine \\t\\n{table}" >> {path}')
        before = drill.client.files()
        succeed(invoke("provision-clients", *FLEET, "--limit", drill.client.name))
        assert drill.client.files() != before
        succeed(invoke(*off))
        assert digests(drill.client.files()) == digests(before)
        assert succeed(invoke(*off)).count("changed") == {drill.client.name: 0}
    succeed(invoke("provision-clients", *FLEET, "--limit", drill.client.name))
    drill.container = drill.client.run(drill.engine.inspect)


def digests(files: dict[str, str]) -> dict[str, str]:
    """Owner, mode and content; not the time."""
    return {path: " ".join((*attributes.split()[:2], attributes.split()[-1])) for path, attributes in files.items()}
