"""Will Red Hat's 1.13.1 start? By its source, and where others share the code,
asked of 20.10.24 too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.engines.docker.conflicts import Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.rules import find_conflicts, will_start
from tests.support.docker_hosts import REDHAT_UNIT, docker, redhat

BARE_UNIT = """\
# /etc/systemd/system/docker.service
[Service]
EnvironmentFile=-/etc/sysconfig/docker
ExecStart=/usr/bin/dockerd-current $OPTIONS
"""


def starts(effective: Effective) -> bool:
    return will_start(find_conflicts(effective))


def bare(options: str = "", file: Any = None) -> Effective:
    """The engine without the flags of Red Hat's own unit."""
    return redhat(f"OPTIONS='--signature-verification=false {options}'\n", json.dumps(file or {}), unit=BARE_UNIT)


@pytest.mark.parametrize("flag", ["insecure-registry", "registry-mirror", "label", "host", "storage-opt", "dns-opt"])
@pytest.mark.parametrize("host", [redhat, docker])
def test_a_flags_name_as_a_key_starts_and_does_nothing(flag: str, host: Any) -> None:
    effective = host(daemon_json=json.dumps({flag: ["a=b"]}))
    assert starts(effective)
    assert [conflict.severity for conflict in find_conflicts(effective) if conflict.rule == "key-of-flag"] == [
        Severity.USELESS
    ]


@pytest.mark.parametrize("key", ["Debug", "registry-mirros", "data-root", "H", "insecure_registries", "features"])
def test_keys_that_it_does_not_know(key: str) -> None:
    assert not starts(redhat("", json.dumps({key: []})))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("null", True),
        ("{}", True),
        ("{} trailing", True),
        ('{"x": {"debug": true}}', True),
        ('{"debug": null, "registry-mirrors": null}', True),
        ('{"debug": true, "debug": false}', True),
        ('{"restart": false, "enable-secrets": false, "api-enable-cors": true}', True),
        ('{"skip-schema2-push": true}', True),
        ('{"x": {"nosuch": true}}', False),
        ('{"debug": {}}', False),
        ('{"insecure-registries": "r:5000"}', False),
        ('{"insecure-registries": [1]}', False),
        ('{"add-registry": "a"}', False),
        ('{"mtu": 1500.0}', False),
        ('{"max-concurrent-downloads": -1}', False),
        ('{"labels": ["a"]}', False),
        ('{"dns": ["a"]}', False),
        ('{"dns": [" 192.0.2.1 "], "dns-search": ["."]}', True),
        ('{"dns-search": ["a b"]}', False),
        ('{"log-level": "trace"}', False),
        ('{"log-level": "WARNING"}', True),
        ('{"log-opts": {"max-size": 5}}', False),
        # Red Hat's unit has these as flags.
        ('{"default-runtime": "docker-runc"}', False),
        ('{"runtimes": {}}', False),
        ('{"exec-opts": []}', False),
        ('{"seccomp-profile": ""}', False),
        ('{"init-path": "/x"}', False),
        ('{"userland-proxy-path": "/x"}', False),
    ],
)
def test_daemon_json(text: str, wanted: bool) -> None:
    assert starts(redhat("", text)) == wanted


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("--registry-mirror http://m --registry-mirror=http://n", True),
        ("-D -l debug -H unix:///var/run/docker.sock", True),
        ("-D=true -l=debug -Hunix:///var/run/docker.sock", True),
        ("-Dl debug", True),
        ("--debug=false --restart=false -r", True),
        ("--debug false", False),
        ("--debug=maybe", False),
        ("-l=", False),
        ("-D=", False),
        ("-x", False),
        ("---debug", False),
        ("--=x", False),
        ("--", True),
        ("-- --debug", False),
        ("stray", False),
        ("-", False),
        ("--insecure-registry", False),
        ("--insecure-registry r:5000,s:5000", True),
        ("--label a", False),
        ("--label a=b --label a=c", True),
        ("--dns-search=-", False),
        ("--log-level trace", False),
        ("--data-root /x", False),
        ("--graph /x -g /y", True),
        ("--max-concurrent-downloads x", False),
        ("--help", False),
        ("--config-file=", True),
        ("--config-file=/nosuch.json", False),
    ],
)
def test_flags(options: str, wanted: bool) -> None:
    assert starts(bare(options)) == wanted


@pytest.mark.parametrize(
    ("options", "file", "wanted"),
    [
        ("--add-runtime a=/x --default-runtime a", {}, True),
        ("--add-runtime A=/x --default-runtime=a", {}, True),
        ("--default-runtime runc", {}, True),
        ("--default-runtime a", {}, False),
        ("--add-runtime a", {}, False),
        ("--add-runtime RUNC=/x", {}, False),
        ("--add-runtime a=/x --add-runtime a=/y", {}, False),
        ("--default-runtime a", {"runtimes": {"a": {"path": "/x"}}}, True),
        ("--add-runtime a=/x", {"default-runtime": "a"}, False),
        ("", {"default-runtime": "a", "runtimes": {"a": {"path": "/x"}}}, True),
        ("", {"default-runtime": "io.containerd.runc.v2"}, False),
        ("", {"runtimes": {"runc": {"path": "/x"}}}, False),
    ],
)
def test_runtimes(options: str, file: Any, wanted: bool) -> None:
    assert starts(bare(options, file)) == wanted


def test_dockerd_has_no_word_daemon() -> None:
    unit = REDHAT_UNIT.replace("/usr/bin/dockerd-current", "/usr/bin/dockerd-current daemon")
    assert not starts(redhat("", unit=unit))
    assert starts(redhat("", unit=REDHAT_UNIT.replace("/usr/bin/dockerd-current", "/usr/bin/docker-current daemon")))
