"""The Docker modules in the real agent, on every interpreter, against an engine of canned
answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_engine import fake_engine

from mooring.playbook import arguments
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection
from mooring.transport.content import Content

OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
IMAGE = {"Id": NEW, "RepoDigests": [], "Config": {}, "RootFS": {"Layers": []}}


@pytest.fixture(scope="module")
def remote(interpreter: str) -> Iterator[Remote]:
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as remote:
        yield remote


def call(remote: Remote, module: str, args: dict[str, Any], **more: Any) -> dict[str, Any]:
    return remote.call(module, arguments.normalize(arguments.find_module(module), args, None), **more)


def container(image: str = NEW, running: bool = True, identity: str = "old", **config: Any) -> dict[str, Any]:
    return {
        "Id": identity, "Name": "/web", "Image": image, "Config": {"Image": "nginx:1", **config}, "HostConfig": {},
        "State": {"Running": running, "ExitCode": 0}, "NetworkSettings": {"Networks": {}},
    }  # fmt: skip


def test_a_pull_reports_bytes_and_the_daemons_words(remote: Remote, tmp_path: Path) -> None:
    pull = [
        {"status": "Downloading", "id": "l1", "progressDetail": {"current": 10, "total": 100}},
        {"status": "Downloading", "id": "l2", "progressDetail": {"current": 40, "total": 100}},
        {"status": "Download complete", "id": "l1"},
        {"status": "Download complete", "id": "l2"},
        {"status": "Status: Downloaded \u00fc"},
    ]
    answers = {"GET /images/nginx:1/json": [(404, {}), (200, IMAGE)], "POST /images/create": (200, pull)}
    steps: list[tuple[str, int, int]] = []
    with fake_engine(tmp_path, answers) as engine:
        reply = call(
            remote, "docker_image", {"name": "nginx:1", "source": "pull", "docker_host": engine.address},
            on_progress=lambda *progress: steps.append(progress),
        )  # fmt: skip
    assert reply["changed"] is True, reply
    assert reply["actions"] == ["Pulled image nginx:1"]
    assert reply["image"]["Id"] == NEW
    assert steps[0] == ("pulling nginx:1", 10, 100)
    assert steps[-1] == ("pulling nginx:1", 200, 200)
    assert "POST /v1.41/images/create?fromImage=nginx&tag=1" in engine.requests


def test_a_failed_pull_fails_though_the_status_is_200(remote: Remote, tmp_path: Path) -> None:
    answers = {
        "POST /images/create": (200, [{"status": "x"}, {"errorDetail": {"message": "no space left"}, "error": ""}])
    }
    with fake_engine(tmp_path, answers) as engine:
        reply = call(remote, "docker_image", {"name": "nginx", "source": "pull", "docker_host": engine.address})
    assert reply["failed"] is True
    assert reply["msg"] == "Docker says: no space left"


def test_an_archive_is_streamed_only_where_its_image_is_missing(remote: Remote, tmp_path: Path) -> None:
    missing = (404, {"message": "no such image"})
    answers = {
        "GET /images/nginx:1/json": [missing, (200, IMAGE)],
        "POST /images/load": (200, [{"stream": "Loaded image: nginx:1"}]),
    }
    content = Content(b"x" * 600000)
    args = {"name": "nginx", "tag": "1", "source": "load", "archive_ids": [NEW], "archive_size": 600000}
    with fake_engine(tmp_path, answers) as engine:
        args["docker_host"] = engine.address
        first = call(remote, "docker_image", args, content=content)
        second = call(remote, "docker_image", args, content=content)
    assert (first["changed"], second["changed"]) == (True, False), (first, second)
    assert engine.bodies["POST /images/load"] == b"x" * 600000
    assert len(engine.changes()) == 1


@pytest.mark.parametrize(("api", "oldest", "prefix"), [("1.26", "1.12", "/v1.26"), ("1.52", "1.44", "/v1.44")])
def test_the_api_version_is_one_that_both_speak(
    remote: Remote, tmp_path: Path, api: str, oldest: str, prefix: str
) -> None:
    with fake_engine(tmp_path, {"GET /images/x:latest/json": (200, IMAGE)}, api, oldest) as engine:
        reply = call(remote, "docker_image", {"name": "x", "source": "local", "docker_host": engine.address})
    assert reply["changed"] is False, reply
    assert f"GET {prefix}/images/x:latest/json" in engine.requests


def test_an_engine_too_old_is_refused(remote: Remote, tmp_path: Path) -> None:
    with fake_engine(tmp_path, {}, "1.22") as engine:
        reply = call(remote, "docker_image", {"name": "x", "source": "local", "docker_host": engine.address})
    assert "speaks API 1.22; 1.24 or newer is needed" in reply["msg"]


@pytest.mark.parametrize(
    ("module", "args"),
    [
        ("docker_image", {"name": "x", "source": "pull"}),
        ("docker_network", {"name": "x"}),
        ("docker_container", {"name": "x", "image": "x"}),
        ("docker_container", {"name": "x", "state": "absent"}),
    ],
)
def test_without_an_engine_check_mode_predicts_and_a_run_fails(
    remote: Remote, tmp_path: Path, module: str, args: dict[str, Any]
) -> None:
    args = {**args, "docker_host": f"unix://{tmp_path}/none.sock"}
    predicted = call(remote, module, args, check=True)
    assert predicted["changed"] is True, predicted
    assert "is it installed and running?" in predicted["warnings"][0]
    failed = call(remote, module, args)
    assert failed["failed"] is True
    assert failed["msg"].startswith(f"Docker does not answer at unix://{tmp_path}/none.sock: is it installed")


def test_a_replacement_that_does_not_start_brings_the_old_container_back(remote: Remote, tmp_path: Path) -> None:
    broken = {**container(identity="new"), "State": {"Running": False, "ExitCode": 3}}
    answers = {
        "GET /images/nginx:1/json": (200, IMAGE),
        "GET /containers/web/json": (200, container(OLD)),
        "GET /containers/old/json": (200, {**container(OLD), "Name": "/web.mooring-old"}),
        "GET /containers/new/json": (200, broken),
        "POST /containers/create": (201, {"Id": "new", "Warnings": None}),
        **{f"POST /containers/{name}/{verb}": (204, None)
           for name in ("old", "new") for verb in ("stop", "start", "rename")},
        "DELETE /containers/new": (204, None),
    }  # fmt: skip
    args = {"name": "web", "image": "nginx:1", "env": {"A": "\u00fc"}}
    with fake_engine(tmp_path, answers) as engine:
        reply = call(remote, "docker_container", {**args, "docker_host": engine.address})
    assert reply["failed"] is True
    assert "its program ended with exit status 3" in reply["msg"]
    assert "(the old container is back)" in reply["msg"]
    assert [request.replace("/v1.41/containers", "") for request in engine.changes()] == [
        "POST /create?name=web.mooring-new", "POST /old/stop", "POST /old/rename?name=web.mooring-old",
        "POST /new/rename?name=web", "POST /new/start", "DELETE /new?force=1&v=1", "POST /old/rename?name=web",
        "POST /old/start",
    ]  # fmt: skip
    assert json.loads(engine.bodies["POST /containers/create"])["Env"] == ["A=\u00fc"]


def test_a_restart_policy_is_updated_in_place(remote: Remote, tmp_path: Path) -> None:
    now = container()
    changed = container()
    changed["HostConfig"] = {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}}
    answers = {
        "GET /images/nginx:1/json": (200, IMAGE),
        "GET /containers/web/json": [(200, now), (200, now), (200, changed)],
        "POST /containers/old/update": (200, {"Warnings": None}),
    }
    args = {"name": "web", "image": "nginx:1", "restart_policy": "always"}
    with fake_engine(tmp_path, answers) as engine:
        reply = call(remote, "docker_container", {**args, "docker_host": engine.address})
    assert reply["changed"] is True, reply
    assert json.loads(engine.bodies["POST /containers/old/update"]) == {"RestartPolicy": {"Name": "always"}}
    assert engine.changes() == ["POST /v1.41/containers/old/update"]


def test_an_old_engine_pulls_to_see_whether_there_is_a_newer_image(remote: Remote, tmp_path: Path) -> None:
    """API 1.26 cannot ask the registry for a digest, so `pull: always` pulls; the same
    image is no change."""
    answers = {
        "GET /images/nginx:1/json": (200, IMAGE),
        "GET /containers/web/json": (200, container()),
        "POST /images/create": (200, [{"status": "Image is up to date"}]),
    }
    args = {"name": "web", "image": "nginx:1", "pull": "always"}
    with fake_engine(tmp_path, answers, "1.26") as engine:
        reply = call(remote, "docker_container", {**args, "docker_host": engine.address})
    assert reply["changed"] is False, reply
    assert engine.changes() == ["POST /v1.26/images/create?fromImage=nginx&tag=1"]


def test_a_newer_engine_asks_the_registry_before_it_pulls(remote: Remote, tmp_path: Path) -> None:
    image = {**IMAGE, "RepoDigests": ["nginx@sha256:d1"]}
    answers = {
        "GET /images/nginx:1/json": (200, image),
        "GET /containers/web/json": (200, container()),
        "GET /distribution/nginx:1/json": (200, {"Descriptor": {"digest": "sha256:d1"}}),
    }
    args = {"name": "web", "image": "nginx:1", "pull": "always"}
    with fake_engine(tmp_path, answers) as engine:
        reply = call(remote, "docker_container", {**args, "docker_host": engine.address})
    assert (reply["changed"], engine.changes()) == (False, []), reply


@pytest.mark.parametrize(
    ("info", "limited"),
    [({"PidsLimit": False}, False), ({"PidsLimit": True}, True), ({}, "pids\t" in Path("/proc/cgroups").read_text())],
)
def test_a_limit_of_processes_that_the_kernel_does_not_know_is_no_lasting_difference(
    remote: Remote, tmp_path: Path, info: dict[str, Any], limited: bool
) -> None:
    """The engine then drops it, so asking for it would never end. Old engines do not tell; the
    kernel itself does."""
    answers = {
        "GET /images/nginx:1/json": (200, IMAGE),
        "GET /containers/web/json": (200, container()),
        "GET /info": (200, info),
    }
    args = {"name": "web", "image": "nginx:1", "pids_limit": 64}
    with fake_engine(tmp_path, answers) as engine:
        reply = call(remote, "docker_container", {**args, "docker_host": engine.address}, check=True)
    assert reply["changed"] is limited, reply
    warning = "pids_limit is not applied: this host's kernel does not limit it for containers"
    assert (warning in reply.get("warnings", [])) is not limited
