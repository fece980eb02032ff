"""Chapter 34: the registry is taken off its server and put back with all images; then the
images go as well."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from invocations import invoke, provision, succeed
from lab_hosts import LookedAt, until

NAME = "registry.example.com"
STORAGE, CACHES = "/var/lib/registry", "/var/lib/mooring/mirror"


@pytest.fixture(scope="module")
def image(server: LookedAt, client_debian: LookedAt) -> Iterator[str]:
    """An image that is in the registry alone; afterwards the server is as it was."""
    name = f"{NAME}/removed-{secrets.token_hex(4)}:1"
    client_debian.run(f"head -c 20000 /dev/urandom > /root/r && tar -C /root -c r | docker import - {name}")
    client_debian.run(f"docker push -q {name} && docker rmi {name}; rm /root/r")
    yield name
    succeed(provision("server"))


def leftovers(server: LookedAt) -> list[str]:
    """What is still there of Mooring's."""
    return [
        *server.lines("docker ps --all --format '{{.Names}}'"),
        *server.lines("docker network ls --format '{{.Name}}' | grep mooring || true"),
        *server.lines("find /etc/mooring -type f 2>/dev/null || true"),
        *server.lines("grep -i mooring /etc/hosts || true"),
    ]


def test_all_of_it_goes_but_the_images(image: str, server: LookedAt) -> None:
    before = server.state()
    foretold = succeed(invoke("deprovision-server", "--json", "--check"))
    assert server.state() == before
    stored = server.run(f"find {STORAGE} {CACHES} | sort")
    run = succeed(invoke("deprovision-server", "--json"))
    assert run.changes == foretold.changes
    assert leftovers(server) == ["/etc/mooring/registry.json"]
    assert server.run(f"find {STORAGE} {CACHES} | sort") == stored
    assert succeed(invoke("deprovision-server", "--json")).count("changed") == {"server": 0}


def test_a_wrong_name_deletes_nothing(server: LookedAt) -> None:
    before = server.state()
    run = invoke("deprovision-server", "--with-data", "--name", "client-debian")
    assert (run.status, "is not the server's name, server: nothing was removed" in run.err) == (1, True), run.transcript
    assert server.state() == before


def test_put_back_it_has_every_image(image: str, server: LookedAt, client_debian: LookedAt) -> None:
    succeed(provision("server"))
    until(lambda: client_debian.succeeds(f"docker pull -q {image}"), "the image pulls")
    client_debian.run(f"docker rmi {image}")


def test_with_data_the_images_go_too(image: str, server: LookedAt) -> None:
    succeed(invoke("deprovision-server", "--with-data", "--name", "server"))
    assert leftovers(server) == []
    assert not server.succeeds(f"test -e {STORAGE}/docker -o -e {CACHES}")
    assert succeed(invoke("deprovision-server", "--json", "--with-data", "--name", "server")).count("changed") == {
        "server": 0
    }
