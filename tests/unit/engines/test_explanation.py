"""`invoke explain`: from a host's texts to the screen, to JSON and to the exit status."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mooring.cli.explain import explain
from mooring.cli.options import Request
from mooring.engines import explanation
from mooring.engines.docker.effective import Texts
from mooring.engines.docker.reply import texts_of
from mooring.errors import HostUnreachable, UsageError
from mooring.fleet import inspection
from mooring.reporters.explanation import write_text
from mooring.reporters.screen import write_json
from mooring.transport.session import Session

UNIT = "# /lib/systemd/system/docker.service\n[Service]\nExecStart=/usr/sbin/dockerd -H fd://\n"
REPLY: dict[str, Any] = {
    "unit": UNIT,
    "files": {"/etc/docker/daemon.json": '{"registry-mirrors": ["http://m.example.com"]}'},
    "certificates": {},
    "argv": ["/usr/sbin/dockerd", "-H", "fd://"],
    "info": {"RegistryConfig": {"Mirrors": [], "IndexConfigs": {}, "InsecureRegistryCIDRs": []}},
    "version": "20.10.24",
    "needs_reload": False,
}


def screen(texts: Texts) -> str:
    stream = io.StringIO()
    write_text(explanation.record(explanation.build("web1", "busybox:1", texts)), stream)
    return stream.getvalue()


def test_the_screen_tells_both_routes_and_the_rule_between() -> None:
    text = screen(texts_of(REPLY))
    now, later = text.split("after the daemon's next start:")
    assert "docker pull busybox:1  on web1, docker 20.10.24" in now
    assert "1. registry: https://registry-1.docker.io/library/busybox:1" in now
    assert "1. mirror: http://m.example.com/library/busybox:1" in later
    assert "plain HTTP; sends Docker Hub's login, if there is one" in later
    assert "tries 2 after: any error" in later
    assert "registry-mirrors runs as nothing, its files say http://m.example.com" in later
    assert "will not start" not in text


def test_the_screen_tells_what_red_hats_engine_does_before_a_mirror_and_after_the_new_protocol() -> None:
    """Asked of 1.13.1, 7d71120."""
    unit = UNIT.replace("/usr/sbin/dockerd", "/usr/bin/dockerd-current")
    texts = texts_of({**REPLY, "unit": unit, "version": "1.13.1", "info": {}, "argv": []})
    text = screen(texts)
    first, rest = text.split("  2. mirror: http://m.example.com/library/busybox:1")
    assert "1. manifest: https://registry-1.docker.io/library/busybox:1" in first
    assert "tries 2 after: the image's manifest, which signatures are verified by; where there is none, no" in first
    assert "3. registry: https://registry-1.docker.io/library/busybox:1" in rest
    assert "surprising  [signatures-and-mirror] /etc/docker/daemon.json:1: signatures are verified" in rest
    stream = io.StringIO()
    unsigned = replace(texts, unit=unit.replace("-H", "--signature-verification=false -H"))
    write_text(explanation.record(explanation.build("web1", "r.example.com/busybox:1", unsigned)), stream)
    assert "tries 2 after: no connection, or a 404 or 401" in stream.getvalue()
    assert "2. old protocol: https://r.example.com/v1/busybox:1" in stream.getvalue()


def test_the_screen_tells_why_a_daemon_will_not_start() -> None:
    texts = texts_of({**REPLY, "files": {"/etc/docker/daemon.json": '{"hosts": []}'}, "info": {}, "argv": []})
    text = screen(texts)
    assert "the daemon does not run; this is what its files say" in text
    assert "stops the daemon  [flag-and-key] /lib/systemd/system/docker.service:2, /etc/docker/daemon.json:1: " in text
    assert text.endswith("the daemon will not start again\n")


def test_json_has_every_setting_with_its_place() -> None:
    stream = io.StringIO()
    write_json(explanation.build("web1", "busybox", texts_of(REPLY)).as_dict(), stream)
    document = json.loads(stream.getvalue())
    assert document["will_start"] is True
    assert document["settings"]["hosts"] == [
        {"value": "fd://", "file": "/lib/systemd/system/docker.service", "line": 2},
    ]
    assert [endpoint["kind"] for endpoint in document["after_restart"]["endpoints"]] == ["mirror", "registry"]
    assert document["now"]["endpoints"][0]["tls"] == "verified"


@pytest.mark.parametrize(("text", "status"), [("{}", 0), ("", 2)])
def test_the_exit_status(monkeypatch: pytest.MonkeyPatch, text: str, status: int) -> None:
    reply = {**REPLY, "files": {"/etc/docker/daemon.json": text}}
    monkeypatch.setattr(inspection, "read", lambda host, module, request: reply)
    assert explain("web1", "busybox", Request()) == status


CONTAINERS: dict[str, Any] = {
    "programs": {"containerd": "1.7.24"},
    "files": {"/etc/containers/policy.json": "{}"},
    "certificates": {"/etc/docker/certs.d": {"docker.io": ["ca.crt"]}},
    "units": {"containerd": {"text": "", "states": {}, "argv": ["containerd"], "newer": []}},
    "environment": {},
    "docker": False,
}


@pytest.mark.parametrize(
    ("engine", "programs", "title"),
    [
        ("auto", {}, "crictl pull docker.io/busybox  on web1, containerd 1.7.24"),
        ("auto", {"crio": "1.30.1"}, "crictl pull docker.io/busybox  on web1, crio 1.30.1"),
        (
            "auto",
            {"crio": "1.30.1", "podman": "podman version 5.4.2"},
            "podman pull docker.io/busybox  on web1, podman 5.4.2",
        ),
        ("buildkit", {}, "FROM docker.io/busybox  on web1, buildkit"),
        ("containerd", {"podman": "5.4.2"}, "crictl pull docker.io/busybox  on web1, containerd 1.7.24"),
    ],
)
def test_hosts_without_docker(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    engine: str,
    programs: dict[str, str],
    title: str,
) -> None:
    reply = {**CONTAINERS, "programs": {**CONTAINERS["programs"], **programs}}

    def call(session: object, variables: object, user: object, request: dict[str, Any]) -> dict[str, Any]:
        missing = {"failed": True, "missing": True, "msg": "there is no service docker"}
        return missing if request["module"] == "docker_config" else reply

    monkeypatch.setattr(Session, "call", call)
    assert explain("web1", "docker.io/busybox", Request(inventory=("web1,",)), engine) == 0
    text = capsys.readouterr().out
    assert text.startswith(title)
    assert "1. registry: https://registry-1.docker.io/library/busybox" in text
    assert "does not run" not in text


def test_a_host_without_any_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(session: object, variables: object, user: object, request: dict[str, Any]) -> dict[str, Any]:
        missing = {"failed": True, "missing": True, "msg": "there is no service docker"}
        return missing if request["module"] == "docker_config" else {**CONTAINERS, "programs": {}}

    monkeypatch.setattr(Session, "call", call)
    with pytest.raises(inspection.InspectionFailed, match=r"web1: there is no service docker; nor podman"):
        explain("web1", "busybox", Request(inventory=("web1,",)))
    with pytest.raises(UsageError, match=r'--engine is one of auto, docker, podman, .* not "rkt"'):
        explain("web1", "busybox", Request(inventory=("web1,",)), "rkt")


def test_other_engines_as_json_and_their_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "/etc/containers/policy.json": "{}",
        "/etc/containers/registries.conf": '[[registry]]\nlocation = "http://a"\n',
    }
    reply = {**CONTAINERS, "files": files}
    monkeypatch.setattr(inspection, "read", lambda host, module, request: reply)
    assert explain("web1", "a.example.com/x", Request(json=True), "podman") == 2
    document = json.loads(capsys.readouterr().out)
    assert set(document) == set(explanation.build("web1", "x", texts_of(REPLY)).as_dict()) | {
        "server",
        "server_unknown",
    }
    assert [conflict["rule"] for conflict in document["conflicts"]] == ["scheme"]
    assert explain("web1", "a.example.com/x", Request(), "podman") == 2
    assert capsys.readouterr().out.endswith("every command of podman fails\n")


def test_the_next_boot_is_told_where_it_differs() -> None:
    def told(**more: Any) -> str:
        reply = {**REPLY, **more}
        stream = io.StringIO()
        write_text(
            explanation.record(explanation.build("web1", "busybox:1", texts_of(reply), explanation.boot_of(reply))),
            stream,
        )
        return stream.getvalue()

    assert "at the next boot" not in told(state={"LoadState": "loaded", "UnitFileState": "enabled"})
    text = told(state={"LoadState": "loaded", "UnitFileState": "disabled"})
    assert "at the next boot:\n  the unit is disabled: nothing starts it at boot" in text
    assert text.endswith("the daemon will not start\n")


@pytest.mark.parametrize(("host", "message"), [("web*", "means 2 hosts"), ("nobody", 'no host or group is "nobody"')])
def test_one_host_is_meant(host: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        explain(host, "busybox", Request(inventory=("web1,web2",)))


def test_a_host_that_is_down(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("all: {hosts: {web1: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n")
    with pytest.raises(HostUnreachable) as caught:
        explain("web1", "busybox", Request(inventory=(str(inventory),)))
    assert caught.value.exit_status == 4


def test_a_host_without_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {"failed": True, "msg": "there is no service docker"}
    monkeypatch.setattr(Session, "call", lambda *args: failed)
    with pytest.raises(inspection.InspectionFailed, match="web1: there is no service docker"):
        explain("web1", "busybox", Request(inventory=("web1,",)))
