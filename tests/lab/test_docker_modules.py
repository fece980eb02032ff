"""The Docker modules against the real engine of a lab host, over SSH and the real agent; they leave
nothing behind.

Needs the lab, its image bundles and an engine on the host, so it runs after the provisioning.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from lab.keys import SSH
from lab.places import BUNDLES
from mooring.playbook import arguments
from mooring.registry.docker_archive import read_archive
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection import open_connection
from mooring.transport.connection.become import Become
from mooring.transport.connection.settings import ConnectionSettings
from mooring.transport.content import FileContent

HOST = os.environ.get("MOORING_LAB_HOST", "server")
PREFIX = "mooring-lab-devtest"
IMAGE = f"{PREFIX}:1"
NETWORK = {"name": PREFIX, "ipam_config": [{"subnet": "198.51.100.0/24"}], "labels": {"for": "tests"}}
CONTAINER = {
    "name": PREFIX,
    "image": IMAGE,
    "command": ["sleep", "600"],
    "env": {"COLOUR": "blue"},
    "networks": [{"name": PREFIX, "aliases": ["sleeper"], "ipv4_address": "198.51.100.10"}],
    "volumes": ["/etc:/host-etc:ro"],
    "published_ports": ["127.0.0.1:15432:80"],
    "restart_policy": "always",
    "log_driver": "json-file",
    "log_options": {"max-size": "1m", "max-file": 2},
    "healthcheck": {"test": "true", "interval": "1s"},
    "stop_timeout": 1,
}


class Host:
    """One lab host's modules, called as a task would."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote

    def call(self, module: str, args: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.remote.call(module, arguments.normalize(arguments.find_module(module), args, None), **more)

    def container(self, check: bool = False, **changes: Any) -> dict[str, Any]:
        return self.call("docker_container", {**CONTAINER, **changes}, check=check)

    def load(self, content: FileContent) -> dict[str, Any]:
        known = read_archive(content.path).arguments(IMAGE)
        return self.call("docker_image", {"name": IMAGE, "source": "load", **known}, content=content)

    def clean(self) -> None:
        """Remove what the tests make, in the order in which it depends on each other."""
        self.call("docker_container", {"name": PREFIX, "state": "absent", "stop_timeout": 1})
        self.call("docker_network", {"name": PREFIX, "state": "absent"})
        self.call("docker_image", {"name": IMAGE, "state": "absent"})


class Counted(FileContent):
    """A file's content that knows how often it was asked for."""

    taken = 0

    def chunks(self) -> Iterator[bytes]:
        self.taken += 1
        return super().chunks()


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    settings = ConnectionSettings(HOST, config_file=str(SSH / "config"))
    connection = open_connection(settings)
    try:
        with Remote.start(connection, Bundle(), Become("root")) as remote:
            host = Host(remote)
            host.clean()
            yield host
            host.clean()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Counted:
    """The lab's busybox as an image with an ID that no engine has yet."""
    path = tmp_path_factory.mktemp("archive") / "image.tar"
    with tarfile.open(BUNDLES / "busybox.tar") as source, tarfile.open(path, "w") as target:
        manifest = json.load(source.extractfile("manifest.json") or pytest.fail("the bundle has no manifest"))[:1]
        config = json.load(source.extractfile(manifest[0]["Config"]) or pytest.fail("the bundle has no config"))
        config["config"] = {**(config.get("config") or {}), "Labels": {"unique": secrets.token_hex()}}
        manifest[0].update(Config="config.json", RepoTags=[IMAGE])
        for member in source.getmembers():
            if member.name.endswith("layer.tar"):
                target.addfile(member, source.extractfile(member))
        for name, document in (("config.json", config), ("manifest.json", manifest)):
            data = json.dumps(document).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            target.addfile(member, io.BytesIO(data))
    return Counted(path)


@pytest.fixture
def running(host: Host, content: Counted) -> dict[str, Any]:
    """The container as described, running and healthy."""
    assert "failed" not in host.load(content)
    assert "failed" not in host.call("docker_network", NETWORK)
    reply = host.container(state="healthy")
    assert "failed" not in reply, reply
    return dict(reply["container"])


def test_an_archive_travels_once(host: Host, content: Counted) -> None:
    host.clean()
    taken = content.taken
    assert [host.load(content)["changed"] for _ in range(2)] == [True, False]
    assert content.taken == taken + 1


def test_a_container_as_described_stays_as_it_is(host: Host, running: dict[str, Any]) -> None:
    assert host.call("docker_network", NETWORK)["changed"] is False
    again = host.container(state="healthy")
    assert again["changed"] is False, again
    assert again["container"]["Id"] == running["Id"]
    assert again["container"]["State"]["Health"]["Status"] == "healthy"


def test_check_mode_predicts_a_replacement_and_changes_nothing(host: Host, running: dict[str, Any]) -> None:
    predicted = host.container(check=True, env={"COLOUR": "red"})
    assert predicted["changed"] is True
    assert predicted["container"]["Id"] == running["Id"]


def test_another_environment_replaces_the_container(host: Host, running: dict[str, Any]) -> None:
    replaced = host.container(state="healthy", env={"COLOUR": "red"})
    assert replaced["changed"] is True, replaced
    assert replaced["container"]["Id"] != running["Id"]
    assert "COLOUR=red" in replaced["container"]["Config"]["Env"]
    assert host.container(state="healthy", env={"COLOUR": "red"})["changed"] is False


def test_a_restart_policy_is_changed_in_place(host: Host, running: dict[str, Any]) -> None:
    updated = host.container(restart_policy="unless-stopped")
    assert updated["changed"] is True, updated
    assert updated["container"]["Id"] == running["Id"]
    assert updated["container"]["State"]["StartedAt"] == running["State"]["StartedAt"]


def test_a_memory_limit_is_set_and_raised_in_place_and_taken_away(host: Host, running: dict[str, Any]) -> None:
    for memory in ("64m", "96m"):
        limited = host.container(memory=memory)
        assert limited["changed"] is True, limited
        assert limited["container"]["Id"] == running["Id"]
        assert limited["container"]["HostConfig"]["Memory"] == int(memory[:-1]) << 20
        assert host.container(memory=memory)["changed"] is False
    free = host.container(memory="0")
    assert (free["changed"], free["container"]["HostConfig"]["Memory"]) == (True, 0), free


def test_an_address_is_changed_in_place(host: Host, running: dict[str, Any]) -> None:
    moved = host.container(networks=[{"name": PREFIX, "aliases": ["sleeper"], "ipv4_address": "198.51.100.11"}])
    assert moved["changed"] is True, moved
    assert moved["container"]["Id"] == running["Id"]
    assert moved["container"]["NetworkSettings"]["Networks"][PREFIX]["IPAddress"] == "198.51.100.11"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"command": ["sh", "-c", "echo it broke; exit 3"]}, "it broke"),
        ({"command": ["no-such-program"]}, "no-such-program"),
        ({"networks": [{"name": f"{PREFIX}-gone"}]}, f"{PREFIX}-gone"),
        ({"healthcheck": {"test": "false", "interval": "1s", "retries": 1}, "state": "healthy"}, "is not healthy"),
    ],
)
def test_a_replacement_that_fails_brings_the_old_container_back(
    host: Host, running: dict[str, Any], changes: dict[str, Any], why: str
) -> None:
    failed = host.container(**changes)
    assert failed["failed"] is True
    assert why in failed["msg"]
    again = host.container(state="healthy")
    assert (again["changed"], again["container"]["Id"]) == (False, running["Id"]), again


def test_a_network_is_made_anew_with_its_containers(host: Host, running: dict[str, Any]) -> None:
    changed = host.call("docker_network", {**NETWORK, "internal": True})
    assert changed["changed"] is True, changed
    assert [event["Name"] for event in changed["network"]["Containers"].values()] == [PREFIX]
    after = host.container(state="healthy")
    assert (after["changed"], after["container"]["Id"]) == (False, running["Id"]), after
    assert host.call("docker_network", {**NETWORK, "internal": False})["changed"] is True
