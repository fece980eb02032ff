"""The module container_images with docker's API, as real engines answered it; podman and containerd
are data cases.

Each engine had pulled `multi` and `list` by their indexes and `single` by its manifest, all from
one registry; loaded a busybox from a file, pushed it to that registry and run it from there; named
`single` also `other:1`, and `list` also `multi:1.0`, which left `multi` without a name.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_engine import fake_engine

from mooring.playbook import arguments
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection
from mooring.transport.reply_shapes import require

OUTERMOST = True
RECORDED = Path(__file__).parent / "recorded_images"
CLASSIC = ["docker-20.10.24", "docker-26.1.5", "docker-28.5.2"]
CONTAINERD = ["docker-26.1.5-containerd", "docker-28.5.2-containerd"]
REGISTRY = "127.0.0.1:5055/team"
MULTI = "sha256:a4ea9b0bf983316728969972c4ab5a1e5733487d6b58dcce746fbe1ba88097f3"
LIST = "sha256:2cf1c67ea53f6d2153a90ee1683e7f4033aed2666fcec9f655b1b224627eda3e"
SINGLE = "sha256:c000c21c8613fa681e7396aa50643ace1d77aa93ca1a39b728ad8fe43d2a786e"
# A stand-in for `ctr` alone: it prints what the engine's own one printed.
CTR = """#!/bin/sh
[ "${2##*/}" = c.sock ] || { echo "connection refused" >&2; exit 1; }
case "$3 $4 $5 $6" in
    "namespaces ls -q ") echo moby ;;
    "-n moby content ls") exec cat "$CTR_CONTENT" ;;
    *) echo "ctr $*" >&2; exit 1 ;;
esac
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    (folder / "ctr").write_text(CTR)
    (folder / "ctr").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def remote(interpreter: str, programs: Path) -> Iterator[Remote]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        remote = Remote.start(LocalConnection(), Bundle(), interpreter=interpreter)
    with remote:
        yield remote


def ask(remote: Remote, folder: Path, recorded: dict[str, Any], images: str = "images") -> dict[str, Any]:
    """Docker's list as the module has it from the recorded answers."""
    version = recorded["version"]
    # The canned engine's lists are streams: these are of one message, which is a list.
    answers = {
        "GET /version": (200, version),
        "GET /info": (200, recorded["info"]),
        "GET /images/json": (200, [recorded[images]]),
        "GET /containers/json": (200, [recorded["containers"]]),
    }
    (folder / "content").write_text(recorded["content"])
    (folder / "c.sock").touch()
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(folder / "old.sock"))
    module_args: dict[str, Any] = {"containerd_sockets": [str(folder / name) for name in ("old.sock", "c.sock")]}
    with fake_engine(folder, answers) as engine:
        module_args["docker_host"] = engine.address
        args = arguments.normalize(arguments.find_module("container_images"), module_args, None)
        reply = remote.call("container_images", args, environment={"CTR_CONTENT": str(folder / "content")})
        assert not engine.changes()
    require("container_images", reply)
    assert not reply["problems"]
    docker = next(engine for engine in reply["engines"] if engine["name"] == "docker")
    assert docker["platform"] == "linux/amd64"
    return docker


def by_digest(docker: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: image for image in docker["images"] for name in image["digests"] or image["tags"]}


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return loaded


@pytest.mark.parametrize("images", ["images", "images_by_1.24"])
@pytest.mark.parametrize("name", [*CLASSIC, *CONTAINERD])
def test_indexes_have_their_own_digest(remote: Remote, tmp_path: Path, name: str, images: str) -> None:
    known = by_digest(ask(remote, tmp_path, load(name), images))
    assert f"{REGISTRY}/list@{LIST}" in known
    assert f"{REGISTRY}/single@{SINGLE}" in known
    assert known[f"{REGISTRY}/multi@{MULTI}"]["tags"] == [], "the name has moved to another image"
    pushed = next(image for name, image in known.items() if name.startswith(f"{REGISTRY}/busybox@"))
    assert pushed["tags"] == [f"{REGISTRY}/busybox:1", "busybox:1.35", "busybox:latest"]
    assert pushed["running"]
    assert not any(image["running"] for image in known.values() if image is not pushed)
    assert len(known) == 4, "a name was taken for a registry's that none has seen"
