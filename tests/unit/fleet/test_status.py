"""`invoke status`: what a host's reply makes of its line, the table, the JSON, the exit status."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from mooring.fleet import checkup, status
from mooring.fleet.survey import Lost
from mooring.records.fleet import Row
from mooring.reporters import fleet_table
from tests.support.engine_replies import SETTINGS, line, redhat, reply


def test_a_host_as_it_should_be() -> None:
    assert line() == Row(
        "web1", "docker", "20.10.24", "TLS unverified, http", "mirror http://r.example.com", "none", do="", notes=()
    )


def test_json_holds_data_and_no_words_for_a_screen() -> None:
    shown = line().as_dict()
    assert shown["registry"] == {
        "name": "r.example.com",
        "endpoints": [
            {"kind": "registry", "url": "https://r.example.com", "tls": "unverified"},
            {"kind": "registry", "url": "http://r.example.com", "tls": "none"},
        ],
        "refusal": None,
    }
    assert shown["hub"]["endpoints"][0] == {"kind": "mirror", "url": "http://r.example.com", "tls": "none"}
    assert (shown["drift"], shown["drifted"], shown["unreachable"], shown["do"]) == ("none", False, False, None)
    lost = status.row("web2", Lost("no route", True)).as_dict()
    assert [lost[key] for key in ("engine", "version", "registry", "hub", "server")] == [None] * 5
    assert lost["unreachable"] is True
    json.dumps([shown, lost])


def test_a_host_that_is_no_client_need_not_be_provisioned() -> None:
    plain: dict[str, Any] = {"RegistryConfig": {"Mirrors": [], "IndexConfigs": {}}}
    assert line(is_client=False, settings=None, record=None, info=plain).drift == "none"
    row = line(settings=None, record=None, info=plain)
    assert (row.registry, row.hub, row.drift) == ("TLS", "direct", "not provisioned")
    assert row.do == "invoke provision-clients --limit web1"


@pytest.mark.parametrize(
    ("fields", "drift", "note"),
    [
        ({"settings": {"hosts": []}}, "would not start", "[flag-and-key]"),
        ({"info": {}, "argv": []}, "does not run", ""),
        (
            {"settings": {**SETTINGS, "registry-mirrors": []}},
            "settings taken out of the files",
            "registry-mirrors http://r.example.com is not in the files",
        ),
        (
            {"info": {"RegistryConfig": {"Mirrors": [], "IndexConfigs": {"r.example.com": {"Secure": False}}}}},
            "settings not in effect",
            "registry-mirrors http://r.example.com is not in effect",
        ),
        (
            {"settings": {**SETTINGS, "live-restore": True}},
            "runs with other settings than its files",
            "live-restore runs as ['false'], its files say ['true']",
        ),
        (
            {"record": {**SETTINGS, "files": ["/etc/docker/certs.d/x/hosts.toml"]}},
            "settings taken out of the files",
            "file /etc/docker/certs.d/x/hosts.toml is not there",
        ),
        ({"record": {**SETTINGS, "ca": ["r.example.com"]}}, "settings taken out of the files", "r.example.com/ca.crt"),
    ],
)
def test_drift(fields: dict[str, Any], drift: str, note: str) -> None:
    row = line(**fields)
    assert row.drift == drift
    assert row.do
    assert note in "\n".join(row.notes)


@pytest.mark.parametrize(
    ("flags", "hub"),
    [
        ("", "Docker Hub, then mirror http://r.example.com"),
        ("--block-registry docker.io", "Docker Hub, then mirror http://r.example.com"),
        ("--signature-verification=false", "mirror http://r.example.com"),
    ],
)
def test_where_signatures_are_verified_docker_hub_is_asked_before_the_mirror(flags: str, hub: str) -> None:
    """Asked of 1.13.1, 7d71120."""
    row = line(**redhat(flags))
    assert (row.hub, row.drift) == (hub, "none")
    assert ("a mirror serves only images that Docker Hub knows" in "\n".join(row.notes)) == ("then" in hub)


def test_a_note_is_shown_though_nothing_has_drifted() -> None:
    stream = io.StringIO()
    fleet_table.write_rows([line(**redhat("")), line(**redhat("--signature-verification=false"))], stream)
    text = stream.getvalue()
    assert text.count(" none") == 2
    assert text.count("[signatures-and-mirror] ") == 1
    assert status.exit_status([line(**redhat(""))], True) == 0


def test_a_first_added_registry_that_ends_all_short_names() -> None:
    """Asked of 1.13.1, 7d71120."""
    row = line(**redhat("--signature-verification=false --add-registry bare --add-registry r.example.com"))
    assert (row.drift, row.do) == ("no short name works", "invoke doctor web1")
    assert 'the first added registry "bare" has no dot and no port' in "\n".join(row.notes)


CERTS = "/etc/containerd/certs.d"
HOSTS_TOML = f"{CERTS}/docker.io/hosts.toml"
CONTAINERD = {
    "programs": {"containerd": "containerd 1.7.24"},
    "files": {
        "/etc/containerd/config.toml": (
            f'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "{CERTS}"\n'
        ),
        HOSTS_TOML: '[host."http://m.example.com"]\n',
        "/etc/mooring/registry_client.containerd.json": json.dumps({"files": [HOSTS_TOML], "sums": {HOSTS_TOML: "1"}}),
    },
    "certificates": {CERTS: {"docker.io": ["hosts.toml"]}},
    "digests": {HOSTS_TOML: "1"},
    "units": {"containerd": {"text": "x", "states": {"ActiveState": "active"}, "argv": [], "newer": []}},
    "environment": {},
    "docker": False,
}
UNREAD = {**CONTAINERD["units"]["containerd"], "newer": ["/etc/containerd/config.toml"]}  # type: ignore[index]


@pytest.mark.parametrize(
    ("more", "drift", "note"),
    [
        ({}, "none", ""),
        (
            {"digests": {HOSTS_TOML: "2"}},
            "files changed by somebody else",
            f"{HOSTS_TOML} was changed by somebody else",
        ),
        (
            {"digests": {HOSTS_TOML: "2"}, "units": {"containerd": UNREAD}},
            "settings not in effect",
            f"{HOSTS_TOML} was changed by somebody else\nconfiguration /etc/containerd/config.toml is not in effect",
        ),
        (
            {"units": {"containerd": UNREAD}},
            "settings not in effect",
            "configuration /etc/containerd/config.toml is not in effect",
        ),
    ],
)
def test_drift_of_another_engine(more: dict[str, Any], drift: str, note: str) -> None:
    client = checkup.examine_containers("web1", {**CONTAINERD, **more}, ("r.example.com",), "containerd")
    assert client is not None
    row = status.row("web1", (client, True))
    assert (row.drift, "\n".join(row.notes)) == (drift, note)


NAMES = {"hosts_file_names": ["r.example.com", "s.example.com"], "hosts_file_address": "192.0.2.7"}


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("192.0.2.7 r.example.com s.example.com\n::1 r.example.com\n", []),
        ("192.0.2.7 R.example.com # s.example.com\n", ["s.example.com"]),
        ("192.0.2.9 s.example.com\n192.0.2.7 r.example.com s.example.com\n", ["s.example.com"]),
        (None, ["r.example.com", "s.example.com"]),
    ],
)
def test_names_taken_out_of_the_hosts_file(text: str | None, gone: list[str]) -> None:
    client = status.with_names(checkup.examine("web1", reply(), ("r.example.com",)), text, NAMES)
    row = status.row("web1", (client, True))
    assert row.drift == ("settings taken out of the files" if gone else "none")
    assert row.notes == tuple(f"line 192.0.2.7 {name} of /etc/hosts is not there" for name in gone)
    assert status.with_names(client, text, {}) == client


def test_a_record_that_cannot_be_read_is_none() -> None:
    assert checkup.read_record("{") is None
    assert checkup.read_record("[]") is None
    assert line(record="{").drift == "not provisioned"


def test_exit_status() -> None:
    well, drifted = line(), line(settings=None)
    down = status.row("web2", Lost("no route", True))
    broken = status.row("web3", Lost("no docker here", False))
    assert (down.drift, broken.drift) == ("unreachable", "unknown")
    assert [status.exit_status([well, row], True) for row in (well, drifted, down, broken)] == [0, 8, 4, 8]
    assert [status.exit_status([well, row], False) for row in (well, drifted, down, broken)] == [0, 0, 4, 0]


@pytest.mark.parametrize(("key", "drift"), [("masked", "masked"), ("missing", "no engine"), ("msg", "unknown")])
def test_a_host_that_answers_something_else(key: str, drift: str) -> None:
    row = status.row("web1", Lost("why", False, {key: True}))
    assert (row.drift, row.do, row.notes) == (drift, "invoke doctor web1", ("why",))


PODMAN: dict[str, Any] = {
    "programs": {"podman": "podman version 5.4.2"},
    "files": {
        "/etc/containers/registries.conf": '[[registry]]\nlocation = "r.example.com"\ninsecure = true\n',
        "/etc/containers/policy.json": "{}",
        "/etc/mooring/registry_client.podman.json": json.dumps({"files": ["/etc/containers/registries.conf.d/x.conf"]}),
        "/etc/containers/registries.conf.d/x.conf": "",
    },
    "certificates": {},
    "units": {},
    "environment": {},
    "docker": False,
}


def test_a_host_with_another_engine() -> None:
    client = checkup.examine_containers("web1", PODMAN, ("r.example.com",), "podman")
    assert client is not None
    row = status.row("web1", (client, True))
    assert (row.engine, row.version, row.hub, row.drift) == ("podman", "5.4.2", "direct", "none")
    assert row.registry == "TLS unverified, http"
    files = {**PODMAN["files"], "/etc/containers/registries.conf.d/x.conf": None}
    gone = checkup.examine_containers("web1", {**PODMAN, "files": files}, (), "podman")
    assert gone is not None
    assert status.row("web1", (gone, True)).drift == "settings taken out of the files"


def test_a_host_without_any_engine() -> None:
    assert checkup.examine_containers("web1", {**PODMAN, "programs": {}}, (), "podman") is None
    assert checkup.examine_containers("web1", PODMAN, (), "crio") is None


def test_the_table_has_a_line_for_each_host_and_then_the_details() -> None:
    stream = io.StringIO()
    fleet_table.write_rows([line(), status.row("web2", Lost("no route\x1b[31m", True))], stream)
    head, first, second, note, do = stream.getvalue().splitlines()
    assert head.split()[:2] == ["host", "engine"]
    assert first.split()[:3] == ["web1", "docker", "20.10.24"]
    assert first.endswith("none")
    assert "unreachable" in second
    assert note == "web2: no route"
    assert do == "web2: unreachable; check that it is up and lets you log in"
