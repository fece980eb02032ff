"""Chapter 33: the mirror: one's own images, then Docker Hub's cache, also while Docker Hub is
away."""

from __future__ import annotations

import json
import random
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from invocations import invoke, provision, succeed
from lab_hosts import LookedAt, until

NAME, MIRROR = "registry.example.com", "mirror.registry.example.com"
CACHE, GATE = "mooring-mirror-docker-io", "mooring-gate"
STORAGE = "/var/lib/registry/docker/registry/v2/repositories"
CACHED = ("hello-world", "mooring/hub-only:1")
NEW = "hello"
ACCOUNTS = {CACHE: "65530:65530", GATE: "65529:65529"}
OUTAGES = [3, pytest.param(20, marks=pytest.mark.long)]


@pytest.fixture(scope="module")
def hub() -> LookedAt:
    return LookedAt.named("hub")


@pytest.fixture(scope="module", autouse=True)
def empty(server: LookedAt, hub: LookedAt) -> Iterator[None]:
    """The cache has nothing, and is made anew."""
    server.run(f"docker rm -f {CACHE} && rm -rf /var/lib/mooring/mirror/docker-io")
    succeed(provision("server", "--tags", "mirror"))
    yield
    hub.run("systemctl start docker-hub")


def pull(client: LookedAt, image: str) -> str:
    """Pull it, from nobody's store; returns its digest."""
    client.run(f"docker rmi --force {image} >/dev/null 2>&1 || true; docker pull -q {image}")
    digest = client.digest_of(image)
    client.run(f"docker rmi --force {image}")
    return digest


def gate_log(server: LookedAt) -> list[dict[str, Any]]:
    """What was asked of upstreams."""
    lines = server.lines(f"docker logs {GATE} 2>/dev/null")
    return [json.loads(line) for line in lines if line.startswith("{")]


def ask(server: LookedAt, path: str, *words: str) -> int:
    """The status of a request to the mirror."""
    url = f"http://{MIRROR}{path}"
    kind = "Accept: application/vnd.docker.distribution.manifest.v2+json"
    return int(server.run(f"curl -sS -o /dev/null -w '%{{http_code}}' -H '{kind}' {' '.join(words)} '{url}'"))


@contextmanager
def switched_off(hub: LookedAt) -> Iterator[None]:
    hub.run("systemctl stop docker-hub")
    try:
        yield
    finally:
        hub.run("systemctl start docker-hub")


def test_both_doors_are_in_etc_hosts(fleet: list[LookedAt], server: LookedAt) -> None:
    for host in fleet:
        assert host.run(f"getent ahostsv4 {MIRROR}").split()[0] == server.host.address


def test_caches_and_gate_are_as_closed_as_the_others(server: LookedAt) -> None:
    for name, account in ACCOUNTS.items():
        (container,) = json.loads(server.run(f"docker inspect {name}"))
        limits = container["HostConfig"]
        assert (container["Config"]["User"], limits["ReadonlyRootfs"], limits["Privileged"]) == (account, True, False)
        assert (limits["CapDrop"], limits["CapAdd"] or [], limits["SecurityOpt"]) == (
            ["ALL"],
            [],
            ["no-new-privileges"],
        )
        assert not [bound for bound in (container["NetworkSettings"]["Ports"] or {}).values() if bound]
        assert list(container["NetworkSettings"]["Networks"]) == ["mooring"]


@pytest.mark.parametrize("image", CACHED)
def test_the_second_pull_asks_the_hub_for_no_layer(image: str, server: LookedAt, clients: list[LookedAt]) -> None:
    before = len(gate_log(server))
    digests = {pull(clients[0], image)}
    first = gate_log(server)[before:]
    assert any("/blobs/" in entry["uri"] and entry["status"] == 200 for entry in first), first
    before = len(gate_log(server))
    digests |= {pull(client, image) for client in clients}
    again = gate_log(server)[before:]
    assert len(digests) == 1
    assert not [entry for entry in again if "/blobs/" in entry["uri"]], again


def test_the_door_is_for_pulls_alone(server: LookedAt) -> None:
    path = "/v2/library/hello-world"
    assert ask(server, f"{path}/manifests/latest") == 200
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert ask(server, f"{path}/manifests/latest", "-X", method) == 405
        assert ask(server, f"{path}/blobs/uploads/", "-X", method) == 405
    assert ask(server, "/v2/_catalog") == 404


def test_which_upstream_is_meant(server: LookedAt) -> None:
    tail = "library/hello-world/manifests/latest"
    assert ask(server, f"/v2/{tail}?ns=docker.io") == 200
    assert ask(server, f"/v2/docker.io/{tail}") == 200
    assert ask(server, f"/v2/{tail}?ns=ghcr.io") == 404
    assert ask(server, f"/v2/ghcr.io/{tail}") == 404


def explain(host: str, image: str) -> list[list[dict[str, Any]]]:
    """The server's steps for each address by which a pull comes to the mirror."""
    document = json.loads(succeed(invoke("explain", host, image, "--json")).out)
    assert document["server_unknown"] is None
    return [chain["steps"] for chain in document["server"] if chain["url"].endswith(f"//{MIRROR}")]


def server_row() -> dict[str, Any]:
    hosts = json.loads(succeed(invoke("status", "--json")).out)["hosts"]
    (row,) = [host for host in hosts if host["server"]]
    return dict(row)


def test_the_chain_is_explained(clients: list[LookedAt]) -> None:
    for client in clients:
        steps, *_ = explain(client.name, CACHED[0])
        assert [step["kind"] for step in steps] == ["own", "cache", "upstream", "end"]
        assert steps[0]["is_there"] is False
        assert steps[2]["urls"] == ["https://registry-1.docker.io"]
    assert "the cache of Docker Hub" in succeed(invoke("explain", clients[0].name, CACHED[0])).out


def test_how_the_mirror_stands_is_told(server: LookedAt) -> None:
    row = server_row()
    assert (row["drift"], row["server"]["mirror"]["containers"]) == ("none", dict.fromkeys(ACCOUNTS, "running"))
    server.run(f"docker stop {CACHE}")
    try:
        assert (server_row()["drift"], server_row()["server"]["mirror"]["containers"][CACHE]) == (
            "mirror does not run",
            "exited",
        )
        (doctor,) = json.loads(invoke("doctor", "server", "--json").out)["hosts"]
        broken = {finding["rule"] for finding in doctor["findings"] if finding["verdict"] == "broken"}
        assert broken == {"mirror-containers"}
    finally:
        server.run(f"docker start {CACHE}")


def test_an_upstream_that_is_away_is_told(hub: LookedAt) -> None:
    def upstream() -> str:
        (doctor,) = json.loads(invoke("doctor", "server", "--json").out)["hosts"]
        (verdict,) = [finding["verdict"] for finding in doctor["findings"] if finding["rule"] == "mirror-upstream"]
        return str(verdict)

    assert upstream() == "ok"
    with switched_off(hub):
        assert upstream() == "warning"
    until(lambda: upstream() == "ok", "the upstream answers again")


@pytest.fixture
def own(server: LookedAt, client_debian: LookedAt) -> Iterator[str]:
    """The digest of an image of one's own that has the name of one of Docker Hub's."""
    name = f"{NAME}/library/{NEW}:latest"
    client_debian.run(f"head -c 20000 /dev/urandom > /root/r && tar -C /root -c r | docker import - {name}")
    client_debian.run(f"docker push -q {name}")
    yield client_debian.digest_of(name)
    client_debian.run(f"docker rmi -f {name}; rm -f /root/r")
    server.run(f"rm -r {STORAGE}/library/{NEW}")


def test_ones_own_image_wins(own: str, clients: list[LookedAt]) -> None:
    for client in clients:
        assert pull(client, NEW) == own
        steps, *_ = explain(client.name, NEW)
        assert (steps[0]["is_there"], steps[-1]["text"]) == (True, "the own copy answers; Docker Hub's is not asked")
    assert f"library/{NEW}" in server_row()["server"]["mirror"]["shadows"]


def test_with_the_hub_away_and_all_containers_restarted(
    server: LookedAt, hub: LookedAt, clients: list[LookedAt]
) -> None:
    for image in CACHED:
        pull(clients[0], image)
    with switched_off(hub):
        server.run(f"docker restart {CACHE} {GATE} mooring-registry mooring-nginx")
        until(lambda: ask(server, f"/v2/library/{CACHED[0]}/manifests/latest") == 200, "the mirror answers")
        for client in clients:
            for image in CACHED:
                pull(client, image)
        # Nobody has this one: the client goes on to the hub itself, within seconds.
        seconds = float(
            server.run(f"curl -s -o /dev/null -w '%{{time_total}}' http://{MIRROR}/v2/library/none/manifests/1")
        )
        assert seconds < 20
    before = len(server.access_log())

    def is_served() -> bool:
        pull(clients[0], NEW)
        entries = [entry for entry in server.access_log()[before:] if f"/library/{NEW}/blobs/" in entry["uri"]]
        return {(entry["status"], entry["served_by"]) for entry in entries[-1:]} == {(200, "cache docker-io")}

    until(is_served, "new images come through the cache again, which nobody has restarted")


@pytest.mark.parametrize("outages", OUTAGES)
def test_outages_in_the_middle_of_pulls(outages: int, hub: LookedAt, clients: list[LookedAt]) -> None:
    """Docker Hub goes and comes back at any moment, also by force; what the cache has never
    fails."""
    for image in CACHED:
        pull(clients[0], image)
    seed = secrets.randbits(32)
    drawn = random.Random(seed)
    for number in range(outages):
        verb = drawn.choice(["stop", "kill -s KILL"])
        power = threading.Thread(target=hub.run, args=(f"systemctl {verb} docker-hub",))
        power.start()
        try:
            for client in clients:
                pull(client, drawn.choice(CACHED))
        except Exception as error:
            raise AssertionError(f"outage {number} of seed {seed}: {error}") from error
        finally:
            power.join()
            hub.run("systemctl reset-failed docker-hub; systemctl start docker-hub")


def test_what_is_ones_own_is_asked_of_nobody(server: LookedAt) -> None:
    path = "/v2/mooring/hub-only/manifests/1"
    assert ask(server, path) == 200
    variables = json.dumps({"mirror_own_namespaces": ["mooring"]})
    succeed(provision("server", "--tags", "mirror,nginx", "-e", variables))
    try:
        until(lambda: ask(server, path) == 404, "nginx has the new configuration")
        before = len(gate_log(server))
        assert ask(server, f"{path}?ns=docker.io") == 404
        assert ask(server, path.replace("/v2/", "/v2/docker.io/")) == 404
        assert len(gate_log(server)) == before
    finally:
        succeed(provision("server", "--tags", "mirror,nginx"))
    until(lambda: ask(server, path) == 200, "nginx has the old configuration")


def test_an_account_is_shown_by_nothing(server: LookedAt, monkeypatch: pytest.MonkeyPatch) -> None:
    password = secrets.token_hex(12)
    monkeypatch.setenv("HUB_PASSWORD", password)
    account = {"registry": "docker.io", "username": "me", "password_env": "HUB_PASSWORD"}
    variables = ("--tags", "mirror", "-e", json.dumps({"mirror_upstreams": [account]}))
    try:
        runs = [
            invoke("provision-server", *words, *variables) for words in (("--check", "--diff", "-v"), ("--diff", "-v"))
        ]
        assert [run.status for run in runs] == [0, 0], runs
        assert not [run for run in runs if password in run.transcript]
        file = "/etc/mooring/mirror/docker-io/config.yml"
        assert server.run(f"stat -c '%a %u:%g' {file}").strip() == "600 65530:0"
        assert password in server.run(f"cat {file}")
        assert password not in server.run(f"docker inspect {CACHE} {GATE}; docker logs {CACHE} 2>&1; ps -ef")
        # Whoever waits for the cache's answer learns that it runs with the account.
        assert pull(LookedAt.named("client-debian"), CACHED[0])
        assert succeed(provision("server", *variables)).count("changed") == {"server": 0}
    finally:
        succeed(provision("server", "--tags", "mirror"))
    assert not server.succeeds(f"grep -r {password} /etc/mooring")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"mirror_names": [NAME]}, f"{NAME} is a name of the registry too"),
        ({"mirror_upstreams": [{"registry": "docker.io", "addresses": ["hub.example.com"]}]}, "has no scheme"),
    ],
)
def test_what_cannot_hold_is_refused(variables: dict[str, Any], words: str, server: LookedAt) -> None:
    before = server.logins()
    run = provision("server", "-e", json.dumps(variables))
    assert run.status == 2, run.transcript
    (failure,) = run.finished("failed")
    assert words in failure["message"]
    assert server.logins() == before, "the server was touched"


def test_a_client_with_the_old_setting_works_and_is_moved_over(client_debian: LookedAt, own: str) -> None:
    old = json.dumps({"registry_client_mirrors": [f"http://{NAME}"]})
    words = ("--limit", client_debian.name)
    succeed(provision("clients", *words, "-e", old))
    assert pull(client_debian, NEW) == own
    (row,) = json.loads(succeed(invoke("status", *words, "--json")).out)["hosts"]
    assert row["drift"] == "uses the earlier mirror"
    assert row["do"] == f"./invoke provision-clients --limit {client_debian.name}"
    process = client_debian.engine_process()
    run = succeed(provision("clients", *words))
    assert len(run.changes) == 1, run.changes
    assert f"http://{MIRROR}/" in client_debian.run("docker info --format '{{json .RegistryConfig.Mirrors}}'")
    assert client_debian.engine_process() == process
    assert pull(client_debian, NEW) == own


def test_the_second_run_changes_nothing(fleet: list[LookedAt]) -> None:
    before = {host.name: (host.containers(), host.files()) for host in fleet}
    assert succeed(provision("server")).count("changed") == {"server": 0}
    assert set(succeed(provision("clients")).count("changed").values()) == {0}
    assert {host.name: (host.containers(), host.files()) for host in fleet} == before
