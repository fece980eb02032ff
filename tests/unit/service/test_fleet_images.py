"""One host's look: which names are the registry's own, and what its reply makes of the report."""

from __future__ import annotations

from typing import Any, cast

import pytest

from mooring.errors import AgentError
from mooring.fleet.survey import FleetHost, Lost
from mooring.records.images import ASKED, FAILED, UNREACHABLE
from mooring.service import fleet_images
from mooring.service.holdings import RegistryNames
from mooring.service.lock_entries import LockedImage, LockFile
from mooring.transport.reply_shapes import require

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
NAMES = {
    "registry_names": ["registry.example.com", "Docker.registry.example.com"],
    "mirror_names": ["mirror.example.com"],
}
IMAGE = {"id": A, "tags": [], "digests": []}
OWN, MIRRORS = ("registry.example.com", "docker.registry.example.com"), ("mirror.example.com",)


class Session:
    """A way to a host that answers this."""

    def __init__(self, engines: list[dict[str, Any]]) -> None:
        self.engines = engines
        self.requests: list[dict[str, Any]] = []

    def call(self, variables: object, user: object, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        return {"changed": False, "engines": self.engines, "problems": []}


def host(roles: dict[str, Any], variables: dict[str, Any], engines: list[dict[str, Any]] | None = None) -> FleetHost:
    return FleetHost("web1", roles, cast(Any, variables), None, cast(Any, Session(engines or [])))


@pytest.mark.parametrize(
    ("roles", "variables", "names"),
    [
        ({"registry_client": NAMES}, {}, RegistryNames(OWN, MIRRORS)),
        (
            {"nginx": {**NAMES, "nginx_server_names": ["r.example.com"]}},
            {},
            RegistryNames((*OWN, "r.example.com"), MIRRORS),
        ),
        ({}, {"registry_names": ["r.example.com"]}, RegistryNames(("r.example.com",), ())),
        ({}, {"registry_names": "r.example.com", "mirror_names": None}, RegistryNames((), ())),
    ],
)
def test_the_registrys_names(roles: dict[str, Any], variables: dict[str, Any], names: RegistryNames) -> None:
    assert fleet_images.find_names(host(roles, variables)) == names


def test_a_look_and_its_report() -> None:
    image = {
        "id": A,
        "tags": ["mirror.example.com/nginx:1"],
        "digests": [f"mirror.example.com/nginx@{B}"],
        "running": True,
    }
    engine = {"name": "docker", "platform": "linux/amd64", "images": [image]}
    looked = fleet_images.look(host({"registry_client": NAMES}, {}, [engine]))
    outcomes = {"web1": looked, "web2": Lost("no route", True), "web3": Lost("senseless", False)}
    before = LockFile((LockedImage("docker.io/library/old", "1", A, idle=("web1", "web3")),), ("docker.io/library/*",))
    now = fleet_images.renew(before, outcomes, ["web1", "web2", "web3"])
    assert [(entry.key, entry.running, entry.idle) for entry in now.images] == [
        (("docker.io/library/nginx", "1", B), ("web1",), ()),
        (("docker.io/library/old", "1", A), (), ("web3",)),
    ]
    report = fleet_images.report("images.lock.yml", before, now, outcomes, is_check=True)
    assert [(note.host, note.state, note.reason) for note in report.hosts] == [
        ("web1", ASKED, ""), ("web2", UNREACHABLE, "no route"), ("web3", FAILED, "senseless"),
    ]  # fmt: skip
    assert {row.ban for row in report.images} == {"docker.io/library/*"}
    assert not report.is_new
    assert fleet_images.report("images.lock.yml", None, now, outcomes, is_check=True).is_new


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"engines": {}},
        {"problems": [1]},
        {"engines": [{"name": "docker", "images": []}]},
        {"engines": [{"name": "docker", "platform": "", "images": [IMAGE]}]},
        {"engines": [{"name": "docker", "platform": "", "images": [{**IMAGE, "digests": [1], "running": True}]}]},
        {"engines": [{"name": "docker", "platform": "", "images": [{**IMAGE, "running": 1}]}]},
    ],
)
def test_a_reply_of_another_shape_is_refused_where_it_enters(reply: dict[str, Any]) -> None:
    with pytest.raises(AgentError, match="makes no sense"):
        require("container_images", {"engines": [], "problems": [], **reply} if reply else reply)
