"""Chapter 4: pulls through nginx: by the mirror's cache, by both names, and an image of 200 MB."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from invocations import CHECKOUT
from lab_hosts import LookedAt

HUB_ONLY = "hello-world"
NAMES = ("registry.example.com", "docker.registry.example.com")
STORAGE = "/var/lib/registry/docker/registry/v2/repositories"


@pytest.fixture
def repository(server: LookedAt, clients: list[LookedAt]) -> Iterator[str]:
    """A repository's name that nobody else has; afterwards it is gone everywhere,
    with all its layers."""
    name = f"story-{secrets.token_hex(4)}"
    yield name
    for client in clients:
        client.run(f"docker images -q '*/{name}' | sort -u | xargs -r docker rmi --force")
    server.run(f"rm -r {STORAGE}/{name}")
    server.run("docker exec mooring-registry registry garbage-collect /etc/docker/registry/config.yml")


def both_clients(function: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("at", [0, 1], ids=["client-el7", "client-debian"])(function)


@both_clients
def test_what_only_the_hub_has(at: int, server: LookedAt, clients: list[LookedAt]) -> None:
    client = clients[at]
    client.run(f"docker rmi --force {HUB_ONLY} >/dev/null 2>&1 || true")
    before = len(server.access_log())
    client.run(f"docker pull {HUB_ONLY}")
    assert "Hello from the lab's hub!" in client.run(f"docker run --rm {HUB_ONLY}")
    entries = [entry for entry in server.access_log()[before:] if entry["uri"].startswith(f"/v2/library/{HUB_ONLY}/")]
    client.run(f"docker rmi --force {HUB_ONLY}")
    assert any(f"/v2/library/{HUB_ONLY}/manifests/latest" in entry["uri"] for entry in entries)
    assert {(entry["status"], entry["served_by"]) for entry in entries} == {(200, "cache docker-io")}
    assert {(entry["address"], entry["host"]) for entry in entries} == {(client.host.address, f"mirror.{NAMES[0]}")}


@both_clients
@pytest.mark.parametrize("name", NAMES)
def test_every_name_leads_to_the_registry(at: int, name: str, server: LookedAt, clients: list[LookedAt]) -> None:
    before = len(server.access_log())
    answer = clients[at].run(f"curl -sS -i http://{name}/v2/")
    assert answer.startswith("HTTP/1.1 200 ")
    assert answer.rstrip().endswith("{}")
    assert answer.lower().count("docker-distribution-api-version: registry/2.0") == 1
    visits = [(entry["address"], entry["host"], entry["status"]) for entry in server.access_log()[before:]]
    assert (clients[at].host.address, name, 200) in visits


def test_the_names_are_the_inventorys() -> None:
    inventory = yaml.safe_load(Path(CHECKOUT / "inventory.yml").read_text())
    assert tuple(inventory["all"]["vars"]["registry_names"]) == NAMES


def test_one_image_by_both_names(clients: list[LookedAt], repository: str) -> None:
    client_el7, client_debian = clients
    client_debian.run(f"docker pull {HUB_ONLY} && docker tag {HUB_ONLY} {NAMES[0]}/{repository}:1")
    client_debian.run(f"docker push {NAMES[0]}/{repository}:1 && docker rmi {HUB_ONLY}")
    pushed = client_debian.digest_of(f"{NAMES[0]}/{repository}:1")
    client_debian.run(f"docker rmi --force {NAMES[0]}/{repository}:1")
    for client in (client_el7, client_debian):
        for name in NAMES:
            client.run(f"docker pull {name}/{repository}:1")
            assert client.digest_of(f"{name}/{repository}:1") == pushed
            client.run(f"docker rmi {name}/{repository}:1")


def test_two_hundred_megabytes_there_and_back(clients: list[LookedAt], server: LookedAt, repository: str) -> None:
    client_el7, client_debian = clients
    image = f"{NAMES[0]}/{repository}:1"
    client_debian.run(
        "directory=$(mktemp -d /var/tmp/story.XXXXXX) && trap 'rm -r $directory' EXIT && "
        "head -c 200M /dev/urandom > $directory/random && "
        f"tar -C $directory -c random | docker import - {image}"
    )
    client_debian.run(f"docker push {image}")
    pushed = client_debian.digest_of(image)
    assert int(server.run("du -sm /var/lib/registry").split()[0]) >= 200
    client_debian.run(f"docker rmi {image}")
    for client in (client_debian, client_el7):
        client.run(f"docker pull {image}")
        assert client.digest_of(image) == pushed
        assert int(client.run(f"docker inspect --format '{{{{.Size}}}}' {image}")) >= 200 << 20
        client.run(f"docker rmi {image}")
