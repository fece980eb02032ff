"""Values as they are typed by mistake, each asked of a real dockerd before it stood here."""

from __future__ import annotations

import pytest

from mooring.engines.docker.reload import after_reload
from mooring.engines.docker.rules import find_conflicts, will_start
from tests.support.docker_hosts import docker

ALL = ("20.10.5", "20.10.24", "26.1.5", "28.5.2")
OLD, NEW = ALL[:2], ALL[2:]


@pytest.mark.parametrize(
    ("text", "starting"),
    [
        # Of a key that stands twice the engine looks at both values.
        ('{"debug": true, "debug": false}', ALL),
        ('{"debug": "x", "debug": false}', ()),
        ('{"debug": false, "debug": "x"}', ()),
        ('{"debug": true}\r\n', ALL),
        ('{"d\\u0065bug": "x"}', ()),
        ('{"mtu": 9223372036854775807}', ALL),
        ('{"mtu": 9223372036854775808}', ()),
        ('{"mtu": 1400.0}', ()),
        ('{"dns": ["010.0.0.1"]}', ALL[:1]),
        ('{"dns": [""]}', NEW),
        ('{"dns": [" ::1"]}', OLD),
        ('{"dns": ["10.0.0.1\\u001c"]}', ()),
        ('{"dns-search": ["%s"]}' % ("a." * 130), ()),
        ('{"features": {"containerd-snapshotter": null}}', ALL),
        ('{"log-opts": {"max-size": null}}', ALL),
        # Only newer engines know proxies, and nothing else in them.
        ('{"proxies": {"labels": "a"}}', ALL),
        ('{"proxies": {"http-proxy": 1}}', ()),
        # Before 23.0 no mapping of its own: what is in it counts as keys.
        ('{"default-network-opts": {"bridge": {}}}', ALL),
        ('{"builder": {"gc": {"enabled": "x"}}}', ()),
        ('{"builder": {"GC": {"policy": {}}}}', ()),
        ('{"default-ulimits": {"nofile": "1:1"}}', ()),
        ('{"default-ulimits": {"nofile": {"Name": "nofile", "Hard": 1, "Soft": 1}}}', ALL),
        ('{"runtimes": {"a": {"path": "/x", "runtimeArgs": "y"}}}', ()),
        ('{"default-runtime": "a"}', ()),
        ('{"default-runtime": "a", "runtimes": {"a": {"path": "/x"}}}', ALL),
        ('{"runtimes": {"runc": {"path": "/x"}}}', ()),
        ('{"default-address-pools": [{"base": "10.10.0.0/16", "size": "24"}]}', ()),
        ('{"default-address-pools": [{"base": "10.10.0.0/16", "size": 24}]}', ALL),
        ('{"default-shm-size": "64M"}', ALL),
        ('{"default-shm-size": 64}', ()),
        ('{"default-shm-size": null}', ()),
        ('{"node-generic-resources": "a=1"}', ()),
        ('{"node-generic-resources": ["a"]}', ()),
        ('{"deprecated-key-path": 0}', NEW),
        ('{"ip": "x"}', ()),
        ('{"default-gateway": "x"}', ()),
        ('{"default-ipc-mode": "x"}', ()),
        ('{"default-cgroupns-mode": "x"}', ()),
        ('{"max-download-attempts": 0}', NEW),
        ('{"log-format": "x"}', ()),
    ],
)
def test_a_file(text: str, starting: tuple[str, ...]) -> None:
    assert tuple(version for version in ALL if will_start(find_conflicts(docker(text, version)))) == starting


@pytest.mark.parametrize(
    ("flags", "starting"),
    [
        ("--mtu=9223372036854775808", ()),
        ("--ip=x", ()),
        ("--default-shm-size=x", ()),
        ("--default-runtime=x", ()),
        ("--dns=", NEW),
        ("--dns=010.0.0.1", ALL[:1]),
    ],
)
def test_a_flag(flags: str, starting: tuple[str, ...]) -> None:
    assert tuple(version for version in ALL if will_start(find_conflicts(docker("{}", version, flags)))) == starting


@pytest.mark.parametrize("version", ALL)
def test_a_reload_refuses_them_too(version: str) -> None:
    assert after_reload(docker("{}", version), docker('{"ip": "x"}', version)).refusals
