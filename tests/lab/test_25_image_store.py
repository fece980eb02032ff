"""Chapter 25, told with --long only: docker with the containerd image store, whose mirrors are
another matter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from invocations import CHECKOUT, Run, invoke, provision, succeed
from lab_hosts import LookedAt, until
from opt_in import FLEET
from tls_mirror import NAME, TlsMirror

pytestmark = pytest.mark.long

DAEMON_JSON = "/etc/docker/daemon.json"
OWN = '{"features" : {"containerd-snapshotter":true}   }\n'
NAMES = ["registry.example.com", "docker.registry.example.com"]
# The port is for docker 26, which would speak plain HTTP at no other.
PORT = "registry.example.com:80"
REPOSITORY = "library/drill-store"
IMAGE = "drill-store:1"
HOSTS_FILE = "/etc/docker/certs.d/docker.io/hosts.toml"
AUTHORITY = f"/etc/docker/certs.d/{NAME}/ca.crt"

# Takes the image out of the registry.
FORGET = f"""\
python3 - <<'END'
import urllib.request
def ask(method, reference, **headers):
    url = "http://server/v2/{REPOSITORY}/manifests/" + reference
    headers["Host"] = "registry.example.com"
    return urllib.request.urlopen(urllib.request.Request(url, method=method, headers=headers))
kind = "application/vnd.docker.distribution.manifest.v2+json"
ask("DELETE", ask("HEAD", "1", Accept=kind).headers["Docker-Content-Digest"])
END
"""


@dataclass(frozen=True)
class Store:
    """A client whose docker has that store, the mirror, and the client's files
    before it was set up."""

    client: LookedAt
    mirror: TlsMirror
    before: dict[str, str]

    def words(self, **others: Any) -> list[str]:
        """What the runs are limited to, and what the client is to have."""
        change = {
            "registry_client_insecure_registries": [*NAMES, PORT],
            "registry_client_mirrors": [f"https://{NAME}"],
            "registry_client_registries": [{"name": NAME, "ca_file": str(self.mirror.authority)}],
        }
        return [*FLEET, "--limit", self.client.name, "-e", json.dumps({**change, **others})]

    def provision(self, **others: Any) -> Run:
        return succeed(provision("clients", *self.words(**others)))

    def pull(self, image: str) -> None:
        self.client.run(f"docker pull -q {image} && docker rmi -f {image}")

    def push(self) -> None:
        """An image that no other registry has, by plain HTTP."""
        bundle = CHECKOUT / "files" / "images" / "busybox.tar"
        with bundle.open("rb") as stream:
            self.client.engine.run("exec", "-i", self.client.host.container, "docker", "load", stdin=stream)
        name = f"{PORT}/library/{IMAGE}"
        self.client.run(f"docker tag busybox:1.35 {name}")
        # The daemon looks at /etc/hosts anew after five seconds only.
        until(lambda: self.client.succeeds(f"docker push -q {name}"), "the image is pushed")
        self.client.run(f"docker rmi -f {name} busybox:latest busybox:1.35")


def deprovision(client: LookedAt) -> None:
    succeed(invoke("deprovision-clients", "--json", *FLEET, "--limit", client.name))


def files(client: LookedAt) -> dict[str, str]:
    """The digest of each file that Mooring has to do with."""
    sums = client.lines("find /etc/docker /etc/mooring /etc/hosts -type f -exec sha1sum {} + 2>/dev/null || true")
    return {path: digest for digest, _, path in (line.partition("  ") for line in sums)}


def turned_to(client: LookedAt, text: str) -> None:
    """Restart docker with this daemon.json, "" for none."""
    client.run(f"printf '%s' '{text}' > {DAEMON_JSON}" if text else f"rm -f {DAEMON_JSON}")
    client.run("systemctl restart docker")


@pytest.fixture(scope="module", params=["client-docker26", "client-docker28"])
def store(
    opt_in: list[LookedAt], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    client = LookedAt.named(request.param)
    succeed(provision("clients", *FLEET, "--limit", client.name))
    deprovision(client)
    mirror = TlsMirror(client, tmp_path_factory.mktemp("mirror"))
    mirror.start()
    turned_to(client, OWN)
    try:
        yield Store(client, mirror, files(client))
    finally:
        client.run(FORGET)
        deprovision(client)
        mirror.stop()
        turned_to(client, "")
        succeed(provision("clients", *FLEET, "--limit", client.name))


def is_28(store: Store) -> bool:
    return store.client.name == "client-docker28"


def test_a_mirror_with_an_authority_of_its_own(store: Store) -> None:
    """Docker 28 is told of it in Docker Hub's hosts.toml; docker 26 reads the mirror's own
    folder, as all did."""
    process = store.client.engine_process()
    store.provision()
    assert "io.containerd.snapshotter" in store.client.run("docker info")
    there = files(store.client)
    assert AUTHORITY in there
    assert (HOSTS_FILE in there) is is_28(store)
    store.push()
    count = len(store.mirror.requests())
    store.pull(IMAGE)
    assert any(f"/v2/{REPOSITORY}/manifests/1" in line for line in store.mirror.requests()[count:])
    store.pull(f"{PORT}/library/{IMAGE}")
    assert store.client.engine_process() == process, "the engine was restarted, though nothing asks for that"


def test_a_second_run_changes_nothing(store: Store) -> None:
    before = files(store.client)
    assert store.provision().count("changed") == {store.client.name: 0}
    assert files(store.client) == before


def test_an_http_mirror(store: Store) -> None:
    """Docker 26 would ask it by HTTPS, and is told so; its port is what makes the difference
    there."""
    warned = "for HTTP write http://registry.example.com:80, and registry.example.com:80 among the insecure registries"
    run = store.provision(registry_client_mirrors=["http://registry.example.com"], registry_client_registries=[])
    assert (warned in run.out) is not is_28(store), run.transcript
    assert AUTHORITY not in files(store.client)
    assert HOSTS_FILE not in files(store.client)
    pulls = store.client.succeeds(f"docker pull -q {IMAGE} && docker rmi -f {IMAGE}")
    assert pulls is is_28(store)
    run = store.provision(registry_client_mirrors=[f"http://{PORT}"], registry_client_registries=[])
    assert warned not in run.out
    store.pull(IMAGE)


def test_the_proof(store: Store) -> None:
    """Names without a port are out of docker 26's reach here, so only docker 28 is
    proven with all of them."""
    if not is_28(store):
        pytest.skip("docker 26 asks names without a port by HTTPS alone")
    change: dict[str, Any] = {
        "registry_client_mirrors": ["http://registry.example.com"],
        "registry_client_registries": [],
    }
    store.provision(**change)
    run = succeed(invoke("verify", "--json", *store.words(**change)))
    routes = json.loads(run.out)["hosts"][store.client.name]["routes"]
    assert "mirror" in routes
    assert {route["status"] for route in routes.values()} == {"ok"}


def test_all_of_it_goes_to_the_byte(store: Store) -> None:
    deprovision(store.client)
    assert files(store.client) == store.before
    assert store.client.run(f"cat {DAEMON_JSON}") == OWN
