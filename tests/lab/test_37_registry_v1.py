"""Chapter 37: the registry of Docker 1.5 and older: filled on the server, pulled through nginx,
taken away again."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import secrets
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection

import pytest
from invocations import Run, invoke, provision, succeed
from lab_hosts import LookedAt

# Its image takes a minute to make.
pytestmark = pytest.mark.long

NAME = "registry.example.com"
OLD = "docker/1.5.0 go/go1.3.3 git-commit/a8a31ef kernel/3.10.0 os/linux arch/amd64"
REPOSITORY = "/v1/repositories/team/old"
STORAGE = "/var/lib/mooring/registry-v1"
CONTAINER = "mooring-registry-v1"


@dataclass(frozen=True)
class OldImage:
    """An image of version 1: one layer and its description, by an ID that is no digest."""

    identity: str
    description: bytes
    layer: bytes


@pytest.fixture(scope="module")
def image(server: LookedAt) -> Iterator[OldImage]:
    """An image that is nowhere yet; afterwards the server is as it was."""
    succeed(invoke("lab.registry-v1"))
    identity, buffer, content = secrets.token_hex(32), io.BytesIO(), secrets.token_bytes(30000)
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("content")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    description = {"id": identity, "created": "2015-02-11T00:00:00Z", "architecture": "amd64", "os": "linux"}
    yield OldImage(identity, json.dumps(description).encode(), buffer.getvalue())
    succeed(provision("server"))
    server.run(f"rm -rf {STORAGE}; docker rmi docker-registry:0.9.1 || true")


def switch_on(is_writable: bool) -> Run:
    values = {
        "registry_v1_enabled": True,
        "registry_v1_writable": is_writable,
        "registry_v1_image_archive": "images/registry-v1.tar",
    }
    return succeed(provision("server", "--extra-vars", json.dumps(values)))


def put(server: LookedAt, path: str, body: bytes, *headers: str) -> str:
    """The status of a PUT by an old client on the server itself."""
    words = " ".join(
        f"-H '{header}'" for header in ("Content-Type: application/json", "X-Docker-Token: true", *headers)
    )
    encoded = base64.b64encode(body).decode()
    return server.run(
        f"echo {encoded} | base64 -d | curl -sS -o /dev/null -w '%{{http_code}}' -X PUT -A '{OLD}' {words} "
        f"--data-binary @- http://127.0.0.1:5001{path}"
    ).strip()


def get(server: LookedAt, path: str, agent: str = OLD) -> tuple[int, bytes, str | None]:
    """(status, body, X-Docker-Endpoints) of a GET through nginx."""
    connection = HTTPConnection(server.host.address, timeout=30)
    connection.request("GET", path, headers={"Host": NAME, "User-Agent": agent, "X-Docker-Token": "true"})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.getheader("X-Docker-Endpoints")


def push(server: LookedAt, image: OldImage) -> list[str]:
    """The statuses of what an old Docker sends, in its order."""
    place, named = f"/v1/images/{image.identity}", json.dumps([{"id": image.identity}]).encode()
    total = hashlib.sha256(image.description + b"\n" + image.layer).hexdigest()
    return [
        put(server, f"{REPOSITORY}/", named),
        put(server, f"{place}/json", image.description),
        put(server, f"{place}/layer", image.layer),
        put(server, f"{place}/checksum", b"", f"X-Docker-Checksum-Payload: sha256:{total}"),
        put(server, f"{REPOSITORY}/tags/1", json.dumps(image.identity).encode()),
        put(server, f"{REPOSITORY}/images", named),
    ]


def assert_pulls(server: LookedAt, image: OldImage) -> None:
    """Every answer that an old Docker needs, and the same bytes."""
    status, body, endpoints = get(server, f"{REPOSITORY}/images")
    assert (status, endpoints, json.loads(body)[0]["id"]) == (200, NAME, image.identity)
    assert json.loads(get(server, f"{REPOSITORY}/tags")[1]) == {"1": image.identity}
    assert json.loads(get(server, f"/v1/images/{image.identity}/ancestry")[1]) == [image.identity]
    assert get(server, f"/v1/images/{image.identity}/json")[1] == image.description
    assert get(server, f"/v1/images/{image.identity}/layer")[1] == image.layer


def test_an_image_is_pushed_on_the_server_and_pulled_through_nginx(server: LookedAt, image: OldImage) -> None:
    switch_on(is_writable=True)
    assert switch_on(is_writable=True).count("changed") == {"server": 0}
    assert push(server, image) == ["200", "200", "200", "200", "200", "204"]
    assert_pulls(server, image)


def test_without_pushes_it_serves_on_and_takes_nothing(server: LookedAt, image: OldImage) -> None:
    switch_on(is_writable=False)
    assert switch_on(is_writable=False).count("changed") == {"server": 0}
    stored = server.run(f"find {STORAGE} | sort")
    assert "200" not in push(server, image)[:5]
    assert server.run(f"find {STORAGE} | sort") == stored
    assert_pulls(server, image)


def test_it_may_do_little(server: LookedAt, image: OldImage) -> None:
    [inspected] = json.loads(server.run(f"docker inspect {CONTAINER}"))
    settings = inspected["HostConfig"]
    assert (settings["CapDrop"], settings["CapAdd"] or [], settings["ReadonlyRootfs"]) == (["ALL"], [], True)
    assert settings["SecurityOpt"] == ["no-new-privileges"]
    assert (settings["Memory"], settings["PidsLimit"], inspected["Config"]["User"]) == (512 << 20, 64, "65528:65528")
    assert settings["PortBindings"] == {"5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5001"}]}
    assert (settings["LogConfig"]["Type"], settings["LogConfig"]["Config"]["max-size"]) == ("json-file", "10m")


@pytest.mark.parametrize("agent", ["docker/1.6.0", "docker/1.13.1", "docker/20.10.24", "curl/7 docker/1.5.0", ""])
def test_others_find_nothing(server: LookedAt, image: OldImage, agent: str) -> None:
    assert get(server, "/v1/_ping", agent)[0] == 404


def test_switched_off_it_goes_and_leaves_its_images(server: LookedAt, image: OldImage) -> None:
    stored = server.run(f"find {STORAGE} | sort")
    succeed(provision("server"))
    assert CONTAINER not in server.run("docker ps --all --format '{{.Names}}'")
    assert not server.succeeds("test -e /etc/mooring/registry-v1")
    assert server.run(f"find {STORAGE} | sort") == stored
    assert get(server, "/v1/_ping")[0] == 404
    assert succeed(provision("server")).count("changed") == {"server": 0}
