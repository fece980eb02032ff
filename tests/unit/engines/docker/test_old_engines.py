"""Engines older than 1.13: Red Hat's, started as `docker-current daemon`, and Docker's own."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.engines.docker.conflicts import Severity
from mooring.engines.docker.effective import Effective, Texts, resolve
from mooring.engines.docker.endpoints import SOME_ERRORS, Host, explain
from mooring.engines.docker.registries import by_files
from mooring.engines.docker.rules import find_conflicts, will_start
from tests.support.docker_hosts import JSON, OLD_REDHAT_UNIT, POLICY, REDHAT_UNIT, docker

STOPS, USELESS = Severity.STOPS, Severity.USELESS
SYSCONFIG = "ADD_REGISTRY='--add-registry r.example.com'\nINSECURE_REGISTRY='--insecure-registry r.example.com'\n"


def redhat(version: str, daemon_json: str | None = None, options: str = "", unit: str = OLD_REDHAT_UNIT) -> Effective:
    sysconfig = f"{SYSCONFIG}OPTIONS='{options}'\n"
    return resolve(Texts(unit, {JSON: daemon_json, "/etc/sysconfig/docker": sysconfig, **POLICY}, version=version))


def found(effective: Effective) -> list[tuple[str, Severity]]:
    return [(conflict.rule, conflict.severity) for conflict in find_conflicts(effective)]


@pytest.mark.parametrize(
    ("version", "daemon_json", "options", "wanted"),
    [
        ("1.10.3", None, "", []),
        ("1.10.3", '{"debug": true}', "", []),
        ("1.10.3", '{"registry-mirrors": ["http://m"]}', "", [("unknown-key", STOPS)]),
        ("1.10.3", '{"live-restore": true}', "", [("unknown-key", STOPS)]),
        ("1.10.3", None, "--live-restore", [("unknown-flag", STOPS)]),
        ("1.12.6", '{"registry-mirrors": ["http://m"], "live-restore": true}', "--signature-verification=false", []),
        ("1.12.6", None, "--live-restore", []),
        ("1.13.1", '{"live-restore": true}', "", []),
        ("1.9.1", '{"debug": true}', "", [("unread-file", USELESS)]),
    ],
)
def test_what_old_engines_know(version: str, daemon_json: str | None, options: str, wanted: list[Any]) -> None:
    effective = redhat(version, daemon_json, options)
    assert found(effective) == wanted
    assert will_start(find_conflicts(effective)) == all(severity is not STOPS for _, severity in wanted)


def test_dockers_own_engines_of_that_age() -> None:
    unit = REDHAT_UNIT.replace("dockerd-current", "docker daemon").partition("ExecStart")[0]
    effective = docker('{"insecure-registries": ["a"]}', "1.10.3", unit=f"{unit}ExecStart=/usr/bin/docker daemon\n")
    assert effective.engine.is_redhat is False
    assert found(effective) == [("unknown-key", STOPS)]


def test_the_command_is_taken_apart_and_the_route_is_as_on_1_13() -> None:
    effective = redhat("1.12.6", '{"registry-mirrors": ["http://m.example.com"]}', "--signature-verification=false")
    assert (effective.engine.is_redhat, effective.command.strays) == (True, ())
    route = explain("a", Host(effective.engine, by_files(effective), {}))
    assert [endpoint.url for endpoint in route.endpoints][:2] == ["https://r.example.com", "http://r.example.com"]
    [mirror] = [endpoint for endpoint in route.endpoints if endpoint.kind == "mirror"]
    assert mirror.next_on == SOME_ERRORS
