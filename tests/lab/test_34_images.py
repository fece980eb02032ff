"""Chapter 34: what the fleet runs and has, in the lock file, as the engines' own clients tell
it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from invocations import Run, invoke
from lab_hosts import LookedAt
from opt_in import FLEET

from mooring.service.lock_file import LockFile, read_lock_file

HUB_ONLY, RUNS = "hello-world", "lab-images-runs"
STORAGE = "/var/lib/registry/docker/registry/v2/repositories"
INSPECT = "docker images -q --no-trunc | sort -u | xargs -r docker image inspect --format '{{json .}}'"
RUNNING = "docker ps -q | xargs -r docker inspect --format '{{.Image}}'"


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lock") / "images.lock.yml"


@pytest.fixture(scope="module")
def own(server: LookedAt, clients: list[LookedAt]) -> Iterator[str]:
    """An image of the fleet's own: pushed by client-el7, which only has it; client-debian runs it
    by its other name."""
    el7, debian = clients
    name = f"story-{secrets.token_hex(4)}"
    had_busybox = el7.succeeds("docker image inspect busybox")
    first, second = f"registry.example.com/{name}:1", f"docker.registry.example.com/{name}:1"
    el7.run(f"docker pull -q docker.io/library/busybox && docker tag busybox {first} && docker push {first}")
    el7.run(f"docker pull {HUB_ONLY}")
    debian.run(f"docker run -d --name {RUNS} {second} sleep 100000")
    yield name
    debian.run(f"docker rm -f {RUNS}; docker rmi {second}")
    el7.run(f"docker rmi {first} {HUB_ONLY} {'' if had_busybox else 'busybox'}")
    server.run(f"rm -r {STORAGE}/{name}")
    server.run("docker exec mooring-registry registry garbage-collect /etc/docker/registry/config.yml")


def images(lock: Path, *words: str) -> Run:
    return invoke("images", "--lock", lock, *words)


def held(host: LookedAt) -> tuple[set[str], set[str], set[str]]:
    """What docker itself says: the digests that it has and that run, and the IDs of which a name
    has no digest."""
    inspected = [json.loads(line) for line in host.lines(INSPECT)]
    running = set(host.lines(RUNNING))
    digests, alive, strange = set[str](), set[str](), set[str]()
    for image in inspected:
        sources = [name.split("@") for name in image["RepoDigests"] or ()]
        own = {digest for _, digest in sources}
        digests |= own
        alive |= own if image["Id"] in running else set()
        named = {name.rpartition(":")[0] for name in image["RepoTags"] or ()}
        if not own or named - {name for name, _ in sources}:
            strange.add(image["Id"])
    return digests, alive, strange


def noted(lock: LockFile, host: str) -> tuple[set[str], set[str], set[str]]:
    """The same by the lock file."""
    mine = [image for image in lock.images if host in (*image.running, *image.idle)]
    alive = {image.digest for image in mine if host in image.running}
    strange = {image.id for image in lock.without_source if host in (*image.running, *image.idle)}
    return {image.digest for image in mine}, alive, strange


def test_the_file_says_what_docker_says(own: str, lock: Path, fleet: list[LookedAt]) -> None:
    before = [host.state() for host in fleet]
    run = images(lock)
    assert run.status == 0, run.transcript
    assert run.out.splitlines()[-1].endswith(f"{lock} was made"), run.transcript
    known = read_lock_file(lock)
    for host in fleet:
        assert noted(known, host.name) == held(host), host.name
    assert [host.state() for host in fleet] == before
    (mine,) = (image for image in known.images if image.name.endswith(own))
    assert (mine.name, mine.tag) == (f"registry.example.com/{own}", "1")
    assert (mine.running, mine.idle, mine.platforms) == (("client-debian",), ("client-el7",), ("linux/amd64",))
    assert any(image.name == f"docker.io/library/{HUB_ONLY}" and "client-el7" in image.idle for image in known.images)
    proxies = [image for image in known.without_source if "server" in image.running]
    assert {name.partition(":")[0] for image in proxies for name in image.names} >= {"registry", "nginx"}


def test_the_digest_is_the_registrys(own: str, lock: Path, client_el7: LookedAt) -> None:
    (mine,) = (image for image in read_lock_file(lock).images if image.name.endswith(own))
    accept = "Accept: application/vnd.docker.distribution.manifest.v2+json"
    answer = client_el7.run(f"curl -sSI -H '{accept}' http://registry.example.com/v2/{own}/manifests/1")
    assert mine.digest in answer


def test_the_second_run_changes_nothing(own: str, lock: Path) -> None:
    text = lock.read_text()
    assert images(lock, "--check", "--detailed-exitcode").status == 0
    run = images(lock)
    assert run.status == 0, run.transcript
    assert run.out.splitlines()[-1].endswith("is up to date")
    assert lock.read_text() == text


def test_check_tells_and_writes_nothing(own: str, lock: Path, client_debian: LookedAt) -> None:
    text = lock.read_text()
    client_debian.run(f"docker stop -t 0 {RUNS}")
    try:
        run = images(lock, "--check", "--detailed-exitcode", "--limit", "client-debian")
        document = json.loads(images(lock, "--check", "--json").out)
    finally:
        client_debian.run(f"docker start {RUNS}")
    assert run.status == 8, run.transcript
    assert f"registry.example.com/{own}:1@" in run.out
    assert "running: - client-debian; idle: + client-debian" in run.out
    assert lock.read_text() == text
    assert [change["kind"] for change in document["changes"]] == ["changed"]


def test_a_host_that_is_down_loses_nothing(own: str, lock: Path, client_debian: LookedAt) -> None:
    text = lock.read_text()
    client_debian.run("systemctl stop docker.socket docker")
    try:
        partly = images(lock)
    finally:
        client_debian.run(f"systemctl start docker; docker start {RUNS}")
    assert partly.status == 2, partly.transcript
    assert "client-debian: not all could be asked" in partly.out
    assert lock.read_text() == text
    client_debian.stop()
    try:
        lost = images(lock, "--json")
    finally:
        client_debian.start()
        client_debian.run(f"docker start {RUNS}")
    assert lost.status == 4, lost.transcript
    states = {note["host"]: note["state"] for note in json.loads(lost.out)["hosts"]}
    assert states == {"server": "asked", "client-el7": "asked", "client-debian": "unreachable"}
    assert lock.read_text() == text


def test_keep_and_forbidden(own: str, lock: Path) -> None:
    text = lock.read_text()
    digest = "sha256:" + "a" * 64
    more = [
        f"- {{name: docker.io/library/kept, tag: '1', digest: '{digest}', keep: true}}",
        f"- {{name: docker.io/library/lost, tag: '1', digest: '{digest}'}}",
    ]
    lock.write_text(
        text.replace("images:\n", "images:\n" + "\n".join(more) + "\n") + f"forbidden: [docker.io/library/{HUB_ONLY}]\n"
    )
    run = images(lock)
    assert run.status == 0, run.transcript
    assert f"- docker.io/library/lost:1@{digest}" in run.out.splitlines()
    known = read_lock_file(lock)
    assert [image.name for image in known.images if image.digest == digest] == ["docker.io/library/kept"]
    assert known.forbidden == (f"docker.io/library/{HUB_ONLY}",)
    assert any("forbidden" in line and HUB_ONLY in line for line in run.out.splitlines())


@pytest.mark.long
def test_the_other_engines(own: str, lock: Path, opt_in: list[LookedAt], fleet: list[LookedAt]) -> None:
    """podman, containerd by its CRI, docker 26 and 28: each has the hub's image, by the same digest
    as docker 20.10."""
    assert invoke("provision-clients", *FLEET).status == 0
    hosts = {host.name: host for host in opt_in}
    pulls = {
        "client-podman": f"podman pull docker.io/library/{HUB_ONLY}",
        "client-containerd": f"crictl pull docker.io/library/{HUB_ONLY}",
        "client-docker26": f"docker pull {HUB_ONLY}",
        "client-docker28": f"docker pull {HUB_ONLY}",
    }
    for name, pull in pulls.items():
        hosts[name].run(pull)
    run = images(lock, *FLEET, "--json")
    assert run.status == 0, run.transcript
    document: dict[str, Any] = json.loads(run.out)
    engines = {note["host"]: note["engines"] for note in document["hosts"]}
    assert engines["client-podman"] == ["podman"]
    assert engines["client-containerd"] == ["containerd"]
    entries = [image for image in document["images"] if image["name"] == f"docker.io/library/{HUB_ONLY}"]
    assert len(entries) == 1, entries
    assert entries[0]["tag"] == "latest"
    assert {*pulls, "client-el7"} <= set(entries[0]["idle"])
    assert images(lock, *FLEET, "--check", "--detailed-exitcode").status == 0
