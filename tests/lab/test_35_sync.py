"""Chapter 35: the registry is filled with what the lock file names, and the fleet pulls while
Docker Hub is off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_host import HubHost
from invocations import CHECKOUT, Run, invoke
from lab_hosts import LookedAt

from mooring.service.lock_file import LockedImage, LockFile, write_lock_file

IMAGES = ("library/hello-world:latest", "library/hello:latest", "mooring/hub-only:1")
REPOSITORIES = "/var/lib/registry/docker/registry/v2/repositories"
AUTHORITIES = CHECKOUT / ".lab/ca/ca.crt"


@pytest.fixture(scope="module")
def lock(server: LookedAt, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lock file of the hub's images; what the registry has of them is taken out
    before and afterwards."""
    entries, hub = [image.rpartition(":") for image in IMAGES], HubHost.named("hub")
    digests = [hub.crane("digest", f"127.0.0.1:5000/{image}") for image in IMAGES]
    images = [
        LockedImage(f"docker.io/{name}", tag, digest, running=("client-el7",))
        for (name, _, tag), digest in zip(entries, digests, strict=True)
    ]
    path = tmp_path_factory.mktemp("sync") / "images.lock.yml"
    write_lock_file(path, LockFile(tuple(images)))
    places = " ".join(f"{REPOSITORIES}/{name}" for name, _, _ in entries)
    server.run(f"rm -rf {places}")
    yield path
    server.run(f"rm -rf {places} /var/lib/mooring/sync")


def sync(lock: Path, *words: str) -> Run:
    return invoke("sync", "--lock", lock, "-e", f"mirror_ca_file={AUTHORITIES}", *words)


def test_a_check_asks_for_nothing_that_the_hub_counts(lock: Path, docker_hub: HubHost, fleet: list[LookedAt]) -> None:
    docker_hub.forget()
    before = [host.state() for host in fleet]
    run = sync(lock, "--check", "--detailed-exitcode")
    assert run.status == 8, run.transcript
    assert "done: 0 held, 3 to copy; left: 0; failed: 0; Hub-outage readiness: 0 %" in run.out
    assert {line["method"] for line in docker_hub.requests() if "/v2/" in line["path"]} == {"HEAD"}
    assert not any(line["counted"] for line in docker_hub.requests())
    assert [host.state() for host in fleet] == before


def test_the_reserve_is_left_to_the_fleet(lock: Path, docker_hub: HubHost) -> None:
    with docker_hub.knobs(remaining=20):
        docker_hub.forget()
        run = sync(lock)
        assert run.status == 2, run.transcript
        assert "left: 3, resumes at " in run.out
        assert not any(line["counted"] for line in docker_hub.requests())


def test_layers_go_from_the_hub_to_the_server_itself(lock: Path, docker_hub: HubHost, server: LookedAt) -> None:
    docker_hub.forget()
    run = sync(lock)
    assert run.status == 0, run.transcript
    assert run.out.splitlines()[-1].startswith("done: 3 copied ("), run.transcript
    assert run.out.endswith("Hub-outage readiness: 100 %\n")
    lines = docker_hub.requests()
    layers = [line for line in lines if line["host"].partition(":")[0] == "production.cloudflare.docker.com"]
    assert layers
    assert {line["agent"] for line in layers} == {"mooring"}
    assert {line["authorization"] for line in layers} == {""}
    assert {line["client"] for line in lines} == {server.host.address}
    for image in IMAGES:
        there = docker_hub.crane("digest", f"127.0.0.1:5000/{image}")
        name, _, tag = image.rpartition(":")
        kinds = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json"
        assert there in server.run(f"curl -sSI -H 'Accept: {kinds}' http://127.0.0.1:5000/v2/{name}/manifests/{tag}")


def test_the_second_run_asks_the_hub_for_nothing(lock: Path, docker_hub: HubHost, fleet: list[LookedAt]) -> None:
    docker_hub.forget()
    before = [host.state() for host in fleet]
    run = sync(lock, "--json")
    assert run.status == 0, run.transcript
    assert [image["state"] for image in json.loads(run.out)["images"]] == ["held"] * 3
    assert docker_hub.requests() == []
    assert [host.state() for host in fleet] == before


@pytest.mark.parametrize("name", ["client-el7", "client-debian"])
def test_clients_pull_while_docker_hub_is_off(lock: Path, docker_hub: HubHost, name: str) -> None:
    client = LookedAt.named(name)
    image = "docker.io/mooring/hub-only:1"
    had = client.succeeds(f"docker inspect {image}")
    client.run(f"docker rmi --force {image} >/dev/null 2>&1 || true")
    with docker_hub.off():
        client.run(f"docker pull {image}")
    if not had:
        client.run(f"docker rmi {image}")
