"""The lab's stand-in for Docker Hub, asked by curl and an engine from inside the lab,
with TLS verified.

What it does in detail is shown on loopback (tests/unit/lab/hub); here it is the lab's own.
"""

from __future__ import annotations

import json
import re

import pytest
from hub_host import HubHost
from lab_hosts import LookedAt

HUB = "https://registry-1.docker.io"
REPOSITORY = "library/hello-world"
MANIFEST = f"{HUB}/v2/{REPOSITORY}/manifests/latest"
TYPE = "-H 'Accept: application/vnd.docker.distribution.manifest.v2+json'"


def token(host: LookedAt) -> str:
    """The option by which curl shows a token for the repository."""
    url = f"https://auth.docker.io/token?service=registry.docker.io&scope=repository:{REPOSITORY}:pull"
    return f"-H 'Authorization: Bearer {json.loads(host.run(f'curl -sS {url!r}'))['token']}'"


def test_it_is_docker_hub_to_whoever_asks(docker_hub: HubHost, server: LookedAt) -> None:
    assert 'realm="https://auth.docker.io/token"' in server.run(f"curl -sS -i {MANIFEST}")
    held = token(server)
    before = remaining(server.run(f"curl -sS -I {held} {MANIFEST}"))
    manifest = server.run(f"curl -sS -i {held} {TYPE} {MANIFEST}")
    assert remaining(manifest) == before - 1
    digest = json.loads(manifest.partition("\r\n\r\n")[2])["layers"][0]["digest"]
    moved = server.run(f"curl -sS -I {held} {HUB}/v2/{REPOSITORY}/blobs/{digest}")
    place = re.search(r"(?mi)^location: (https://production\.cloudflare\.docker\.com/\S+)", moved)
    assert place, moved
    assert server.run(f"curl -sS '{place[1]}' | sha256sum").split()[0] == digest.partition(":")[2]
    assert server.run(f"curl -sS -o /dev/null -w '%{{http_code}}' {held} '{place[1]}'") == "400"
    assert docker_hub.requests()[-1]["client"] == server.host.address


def test_a_limit_is_felt_and_lifted_again(docker_hub: HubHost, server: LookedAt) -> None:
    held = token(server)
    with docker_hub.knobs(remaining=1, retry_after=7):
        assert remaining(server.run(f"curl -sS -i {held} {TYPE} {MANIFEST}")) == 0
        refused = server.run(f"curl -sS -i {held} {TYPE} {MANIFEST}")
    assert refused.startswith("HTTP/1.1 429 ")
    assert "TOOMANYREQUESTS" in refused
    assert "retry-after: 7" in refused.lower()
    assert docker_hub.requests()[-1]["status"] == 429


def test_off_nothing_answers_and_on_it_answers_at_once(docker_hub: HubHost, server: LookedAt) -> None:
    with docker_hub.off():
        assert not server.succeeds(f"curl -sS {HUB}/v2/")
    assert server.run(f"curl -sS -o /dev/null -w '%{{http_code}}' {HUB}/v2/") == "401"


def test_what_a_drill_pushes_behind_it_is_pulled_before_it(docker_hub: HubHost) -> None:
    """The way new images come to the hub; crane is the oracle for what is copied."""
    name = "mooring/pushed"
    try:
        docker_hub.crane("copy", f"127.0.0.1:5000/{REPOSITORY}:latest", f"127.0.0.1:5000/{name}:2")
        digests = [docker_hub.crane("digest", image) for image in (REPOSITORY, f"{name}:2")]
        assert digests[0] == digests[1]
        assert docker_hub.crane("ls", name) == "2"
        assert docker_hub.requests()[-1]["path"] == f"/v2/{name}/tags/list"
    finally:
        docker_hub.run(f"rm -rf /var/lib/docker-hub/docker/registry/v2/repositories/{name}")


@pytest.mark.parametrize("name", ["client-el7", "client-debian"])
def test_an_engine_pulls_over_the_redirect_without_its_token(docker_hub: HubHost, name: str) -> None:
    """Or the server's cache does so for it; of what that has, the hub is asked for no blob."""
    client = LookedAt.named(name)
    docker_hub.forget()
    client.run("docker rmi --force mooring/hub-only:1 >/dev/null 2>&1 || true")
    client.run("docker pull mooring/hub-only:1 && docker rmi mooring/hub-only:1")
    lines = docker_hub.requests()
    assert any("/v2/mooring/hub-only/manifests/" in line["path"] and line["status"] == 200 for line in lines)
    assert {line["authorization"] for line in lines if line["host"] == "production.cloudflare.docker.com"} <= {""}


def remaining(reply: str) -> int:
    """What the headers of a reply say is left of the limit."""
    left = re.search(r"(?mi)^ratelimit-remaining: (\d+);w=21600", reply)
    assert left, reply
    return int(left[1])
