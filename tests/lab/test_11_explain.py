"""Chapter 11: why a pull goes where it goes, on hosts that are well and on one whose daemon would
not start again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from invocations import Run, invoke, succeed
from lab_hosts import LookedAt

NAME = "registry.example.com"
HUB = "https://registry-1.docker.io"
DAEMON_JSON = "/etc/docker/daemon.json"


def explain(host: str, image: str) -> dict[str, Any]:
    explanation: dict[str, Any] = json.loads(succeed(invoke("explain", host, image, "--json")).out)
    return explanation


def urls(route: dict[str, Any]) -> list[str]:
    return [f"{endpoint['url']}/{endpoint['repository']}" for endpoint in route["endpoints"]]


def test_a_short_name_on_red_hats_engine(client_el7: LookedAt) -> None:
    before = client_el7.state()
    explanation = explain("client-el7", "tiny:1")
    assert explanation["engine"].startswith("Red Hat's docker")
    assert urls(explanation["now"])[:2] == [f"https://{NAME}/tiny:1", f"http://{NAME}/tiny:1"]
    assert urls(explanation["now"])[-1] == f"{HUB}/library/tiny:1"
    assert explanation["now"] == explanation["after_restart"]
    assert (explanation["conflicts"], explanation["differences"], explanation["will_start"]) == ([], [], True)
    assert {setting["file"] for setting in explanation["settings"]["add-registry"]} == {"/etc/sysconfig/docker"}
    assert client_el7.state() == before


def test_a_short_name_on_debians_engine(client_debian: LookedAt) -> None:
    explanation = explain("client-debian", "tiny:1")
    assert [endpoint["kind"] for endpoint in explanation["now"]["endpoints"]] == ["mirror", "registry"]
    assert explanation["now"]["endpoints"][0]["next_on"] == "any error"
    assert urls(explanation["now"])[-1] == f"{HUB}/library/tiny:1"
    assert (explanation["conflicts"], explanation["differences"]) == ([], [])


def test_the_registrys_own_name_on_the_screen(client_debian: LookedAt) -> None:
    shown = succeed(invoke("explain", "client-debian", f"{NAME}/team/app:1"))
    first, rest = shown.out.split("2. registry:")
    assert f"1. registry: https://{NAME}/team/app:1" in first
    assert "TLS not verified" in first
    assert f"http://{NAME}/team/app:1" in rest


@pytest.fixture
def broken(client_debian: LookedAt) -> Iterator[Run]:
    """client-debian with a daemon.json that its unit's flags contradict: it runs
    on, but not for ever."""
    client_debian.run(f"cp -p {DAEMON_JSON} {DAEMON_JSON}.kept")
    try:
        client_debian.run(f"""echo '{{"hosts": ["fd://"]}}' > {DAEMON_JSON}""")
        yield invoke("explain", "client-debian", "tiny:1")
    finally:
        client_debian.run(f"mv {DAEMON_JSON}.kept {DAEMON_JSON}")


def test_a_daemon_that_would_not_start_again(broken: Run) -> None:
    assert broken.status == 2, broken.transcript
    assert "stops the daemon  [flag-and-key]" in broken.out
    assert f"{DAEMON_JSON}:1" in broken.out
    assert "after the daemon's next start:" in broken.out


def test_a_host_that_is_not_there() -> None:
    assert invoke("explain", "nobody", "tiny").status == 1
    assert invoke("explain", "client-debian", "http://tiny").status == 1
