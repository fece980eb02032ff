"""The mirror in the fleet's table: why there is none, what does not run, what shadows, who still
has it otherwise."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any, cast

import pytest

from mooring.fleet import checkup, mirror_checkup, status
from mooring.fleet.mirror_checkup import find_old_mirrors, list_shadows, name_containers
from mooring.fleet.server_checkup import ServerCheckup
from mooring.records.fleet import Row, Service
from mooring.records.mirror import MirrorRecord
from mooring.records.route import Endpoint, Route
from mooring.registry.mirror_chain import MirrorSetting
from mooring.reporters import fleet_table
from mooring.templating.mirror_names import find_hindrance
from tests.support.engine_replies import reply

WELL = Service("running", "", 0, True)
GATE, CACHE = "mooring-gate", "mooring-mirror-docker-io"
VARIABLES: dict[str, Any] = {
    "nginx_server_names": ["registry.example.com"],
    "mirror_names": ["mirror.registry.example.com"],
    "nginx_http_port": 80,
    "nginx_https_port": 443,
    "mirror_upstreams": [{"registry": "docker.io"}, {"registry": "ghcr.io"}],
    "mirror_own_namespaces": ["ghcr.io/acme"],
}
CLIENT = {
    "registry_client_names": ["r.example.com"],
    "registry_client_mirror_names": ["mirror.r.example.com"],
    "registry_client_mirrors": ["http://mirror.r.example.com"],
}


def row(mirror: MirrorRecord | None) -> Row:
    plain: dict[str, Any] = {"RegistryConfig": {"Mirrors": [], "IndexConfigs": {}}}
    host = checkup.examine("web1", reply(settings=None, record=None, info=plain), ())
    return status.row("web1", (replace(host, server=ServerCheckup(WELL, WELL, mirror=mirror)), False))


def show(mirror: MirrorRecord) -> str:
    stream = io.StringIO()
    fleet_table.write_rows([row(mirror)], stream)
    return stream.getvalue()


def test_a_mirror_that_runs_is_no_drift_and_is_data() -> None:
    mirror = MirrorRecord(containers={GATE: "running", CACHE: "running"}, shadows=("library/a",), shadow_count=7)
    line = row(mirror)
    assert line.drift == "none"
    assert line.notes == ("own repositories that win over an upstream's: 7 (library/a, …)",)
    shown = json.loads(json.dumps(line.as_dict()))["server"]["mirror"]
    assert shown["containers"] == {GATE: "running", CACHE: "running"}
    assert (shown["shadows"], shown["shadow_count"], shown["absence"]) == (["library/a"], 7, None)
    assert "runs" in show(mirror)


def test_a_part_that_does_not_run() -> None:
    mirror = MirrorRecord(containers={GATE: "exited", CACHE: "running"})
    line = row(mirror)
    assert (line.drift, line.do) == ("mirror does not run", "invoke doctor web1")
    assert line.notes == (f"the mirror's container {GATE} is exited",)
    assert "exited" in show(mirror)


def test_no_mirror_is_no_drift_and_is_explained() -> None:
    mirror = MirrorRecord(absence="registry_names begins with an address")
    assert row(mirror).drift == "none"
    assert "there is no mirror: registry_names begins with an address" in show(mirror)
    assert "off" in show(mirror)


@pytest.mark.parametrize(
    ("names", "certificates", "words"),
    [
        (["192.0.2.1:5000"], [], "192.0.2.1:5000, is an address"),
        (["registry.example.com"], ["no certificate"], "does not carry mirror.registry.example.com"),
        ([], [], "registry_names is empty"),
        (["registry.example.com"], [], ""),
    ],
)
def test_why_there_is_none(names: list[str], certificates: list[str], words: str) -> None:
    hindrance = find_hindrance(names, certificates)
    assert words in hindrance
    assert bool(words) == bool(hindrance)


def test_the_containers_of_a_mirror() -> None:
    assert name_containers(VARIABLES) == [GATE, CACHE, "mooring-mirror-ghcr-io"]
    assert name_containers({**VARIABLES, "mirror_names": []}) == []
    assert name_containers({**VARIABLES, "mirror_upstreams": []}) == []


class Names:
    """A registry with these repositories, which lists them as a real one does."""

    def __init__(self, *names: str) -> None:
        self.names = sorted(names)

    def names_after(self, name: str, most: int) -> list[str]:
        return [known for known in self.names if known > name][:most]


def test_what_shadows_an_upstreams_images() -> None:
    registry = Names("app", "library/nginx", "team/app", "ghcr.io/acme/app", "ghcr.io/owner/app", "zoo")
    names, has_more = list_shadows(cast(Any, registry), MirrorSetting.of(VARIABLES))
    assert (names, has_more) == (["library/nginx", "ghcr.io/owner/app"], False)
    many = Names(*(f"library/{number}" for number in range(500)))
    names, has_more = list_shadows(cast(Any, many), MirrorSetting.of(VARIABLES))
    assert (len(names), has_more) == (mirror_checkup.MOST, True)


def route(*endpoints: tuple[str, str]) -> Route:
    return Route(tuple(Endpoint(kind, url, "library/busybox", "none", "", "") for kind, url in endpoints))


@pytest.mark.parametrize(
    ("kind", "url", "variables", "old"),
    [
        ("mirror", "http://r.example.com", CLIENT, True),
        ("mirror", "https://r.example.com", CLIENT, True),
        ("mirror", "http://mirror.r.example.com", CLIENT, False),
        ("mirror", "http://other.example.com", CLIENT, False),
        ("registry", "http://r.example.com", CLIENT, False),
        ("mirror", "http://r.example.com", {**CLIENT, "registry_client_mirrors": ["http://r.example.com"]}, False),
        ("mirror", "http://r.example.com", {**CLIENT, "registry_client_mirror_names": []}, False),
        ("mirror", "http://r.example.com", {}, False),
    ],
)
def test_a_client_with_the_earlier_mirror(kind: str, url: str, variables: dict[str, Any], old: bool) -> None:
    assert find_old_mirrors(route((kind, url)), variables) == ((url,) if old else ())


def test_the_earlier_mirror_is_drift() -> None:
    client = checkup.examine("web1", reply(), ("r.example.com",))
    line = status.row("web1", (replace(client, old_mirrors=("http://r.example.com",)), True))
    assert (line.drift, line.do) == ("uses the earlier mirror", "invoke provision-clients --limit web1")
    assert "images of Docker Hub are asked of http://r.example.com" in line.notes[0]
