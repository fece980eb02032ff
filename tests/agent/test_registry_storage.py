"""Where a registry's container keeps its images, and why containers do not run, on every
interpreter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_engine import fake_engine

from mooring.playbook import arguments
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection


@pytest.fixture(scope="module")
def remote(interpreter: str) -> Iterator[Remote]:
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as remote:
        yield remote


def call(remote: Remote, module: str, args: dict[str, Any]) -> dict[str, Any]:
    return remote.call(module, arguments.normalize(arguments.find_module(module), args, None))


def container(storage: Path, running: bool = True, environment: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "Id": "r", "Name": "/r", "Args": ["/etc/docker/registry/config.yml"],
        "Config": {"Env": ["PATH=/bin", *environment], "User": "0:0"},
        "State": {"Running": running, "Pid": os.getpid() if running else 0},
        "Mounts": [{"Destination": "/var/lib/registry", "Source": str(storage)}],
    }  # fmt: skip


@pytest.fixture
def full(tmp_path: Path) -> Path:
    for name in ("one", "deep/er/two"):
        (tmp_path / "full/docker/registry/v2/repositories" / name / "_manifests").mkdir(parents=True)
    return tmp_path / "full"


def look(remote: Remote, tmp_path: Path, inspected: dict[str, Any], **more: Any) -> dict[str, Any]:
    (tmp_path / "docker.sock").unlink(missing_ok=True)
    with fake_engine(tmp_path, {"GET /containers/r/json": (200, inspected)}) as engine:
        args = {"container": "r", "record": f"{tmp_path}/record", "docker_host": engine.address, **more}
        return call(remote, "registry_storage", args)


def test_a_stopped_container_tells_its_storage_by_its_mounts(remote: Remote, tmp_path: Path, full: Path) -> None:
    reply = look(remote, tmp_path, container(full, running=False), directory=f"{tmp_path}/new")
    assert reply["refusal"].startswith(f"the registry has 2 repositories in {full}, and its new storage"), reply
    assert (reply["wanted"]["name"], reply["wanted"]["repositories"]) == (f"{tmp_path}/new", 0)
    same = look(remote, tmp_path, container(full, running=False), directory=str(full))
    assert (same["refusal"], same["record"]) == ("", {"storage": str(full), "has_repositories": True})


def test_what_a_running_registry_sees_counts_more_than_the_hosts_path(
    remote: Remote, tmp_path: Path, full: Path
) -> None:
    """Its root is this test's, in which the path inside is the full one; the host's path
    has lost its disk."""
    (tmp_path / "lost").mkdir()
    inside = f"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY={full}"
    inspected = container(tmp_path / "lost", environment=(inside,))
    inspected["Mounts"][0]["Destination"] = str(full)
    reply = look(remote, tmp_path, inspected, directory=f"{tmp_path}/lost")
    assert (
        "has no repositories on the host, and the running registry still has 2 repositories there" in reply["refusal"]
    )


def test_a_driver_that_is_taken_out_is_another_place(remote: Remote, tmp_path: Path) -> None:
    inspected = container(tmp_path, environment=("REGISTRY_STORAGE=s3", "REGISTRY_STORAGE_S3_BUCKET=b"))
    reply = look(remote, tmp_path, inspected, directory=f"{tmp_path}/new")
    assert "the registry has an unknown number of repositories in s3:b" in reply["refusal"]


def test_why_containers_do_not_run(remote: Remote, tmp_path: Path) -> None:
    ended = {
        "Running": False,
        "Status": "exited",
        "ExitCode": 2,
        "StartedAt": "2026-11-28T04:00:00.1Z",
        "FinishedAt": "2026-11-28T04:00:01.1Z",
    }
    taken = {"Running": False, "Status": "created", "ExitCode": 128, "Error": "listen tcp :80: address already in use"}
    checks = [{"Output": "x"}, {"Output": "wget: connection refused\n"}]
    sick = {"Running": True, "Status": "running", "Health": {"Status": "unhealthy", "Log": checks}}
    answers: dict[str, Any] = {
        f"GET /containers/{name}/json": (200, {"Id": name, "State": state, "Config": {"Tty": True}})
        for name, state in {"ended": ended, "taken": taken, "sick": sick, "well": {"Running": True}}.items()
    }
    answers["GET /containers/ended/logs"] = (200, [{"level": "info"}, {"level": "fatal", "n": 1}, {"level": "fatal"}])
    # A tuple is one JSON list; a list would be a stream.
    answers["GET /containers/json"] = (200, ({"Id": "w", "Names": ["/web"], "Ports": [{"PublicPort": 80}]},))
    names = ["ended", "taken", "sick", "well", "gone"]
    with fake_engine(tmp_path, answers) as engine:
        reply = call(remote, "container_trouble", {"names": names, "docker_host": engine.address})
    words = {name: state["words"] for name, state in reply["containers"].items()}
    assert words == {
        "ended": 'does not run (exited, exit status 2): {"level": "fatal", "n": 1}',
        "taken": "does not run (created, exit status 128): port 80 of the host is taken by container web",
        "sick": "is unhealthy: wget: connection refused",
        "well": "runs",
        "gone": "is not there",
    }
    assert "container well" not in reply["msg"]
    assert "since=1795838400" in next(url for url in engine.requests if "logs" in url)
