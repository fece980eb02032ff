"""What a SIGHUP changes in a running daemon, by engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.engines.docker.reload import Running, after_reload, after_start
from tests.support.docker_hosts import docker, redhat

OLD = {"registry-mirrors": ["http://a"], "insecure-registries": ["r", "10.0.0.0/8"], "live-restore": True}
KEPT = (("http://a",), ("r", "10.0.0.0/8"), True)


def told(now: Running) -> tuple[Any, ...]:
    return now.registries.mirrors, now.registries.insecure, now.live_restore


@pytest.mark.parametrize(
    ("version", "text", "wanted"),
    [
        # Asked of 20.10.5, 20.10.24, 26.1.5 and 28.5.2, each drawn at random before it stood here.
        ("20.10.5", "{}", KEPT),
        ("20.10.5", None, KEPT),
        ("28.5.2", None, KEPT),
        ("28.5.2", '{"insecure-registries": []}', (("http://a",), (), True)),
        ("28.5.2", '{"insecure-registries": null, "live-restore": null}', (("http://a",), (), False)),
        ("28.5.2", '{"registry-mirrors": ["http://b/"]}', (("http://b",), ("r", "10.0.0.0/8"), True)),
        ("28.5.2", '{"x": {"registry-mirrors": ["http://b/"]}}', ((), ("r", "10.0.0.0/8"), True)),
        ("20.10.24", '{"insecure-registries": ["s"], "registry-mirrors": ["b"], "live-restore": false}',
         (("http://a",), ("s",), True)),
        ("26.1.5", '{"insecure-registries": ["s"], "registry-mirrors": ["b"], "live-restore": false}', KEPT),
        ("26.1.5", '{"insecure-registries": ["a,b"], "live-restore": false}', KEPT),
        ("28.5.2", "{,}", KEPT),
        ("28.5.2", '{"no-such-key": 1, "insecure-registries": []}', KEPT),
        ("28.5.2", '{"debug": "yes", "insecure-registries": []}', KEPT),
        # The bug of 23.0.0 to 23.0.6 and 24.0.0 (moby PRs
        # #45552, #45571, #45572): the hosts are forgotten.
        ("23.0.6", '{"insecure-registries": ["s", "10.0.0.0/8"], "registry-mirrors": ["http://b"]}',
         (("http://b",), ("10.0.0.0/8",), True)),
        ("24.0.0", '{"insecure-registries": ["s"], "registry-mirrors": ["http://b"]}', (("http://b",), (), True)),
        ("23.0.7", '{"insecure-registries": ["s"], "registry-mirrors": ["http://b"]}', (("http://b",), ("s",), True)),
        ("24.0.1", '{"insecure-registries": ["s"], "registry-mirrors": ["http://b"]}', (("http://b",), ("s",), True)),
        ("23.0.6", '{"insecure-registries": ["s"]}', (("http://a",), ("s",), True)),
        # Mirrors are reloadable since 17.04 (moby PR #29650).
        ("1.13.1", '{"insecure-registries": ["s"], "registry-mirrors": ["http://b"]}', (("http://a",), ("s",), True)),
        ("17.4.0", '{"registry-mirrors": ["http://b"]}', (("http://b",), ("r", "10.0.0.0/8"), True)),
    ],
)  # fmt: skip
def test_dockers_own_engine(version: str, text: str | None, wanted: Any) -> None:
    assert told(after_reload(docker(OLD, version), docker(text, version))) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"insecure-registries": ["s"], "live-restore": false}', (("http://a",), ("s",), False)),
        ('{"registry-mirrors": ["http://b"], "add-registry": ["n"], "block-registry": ["all"]}', KEPT),
        ("{}", KEPT),
        ("", KEPT),
        (None, KEPT),
        ("{,}", KEPT),
        ('{"data-root": "/x", "insecure-registries": []}', KEPT),
        ('{"exec-opts": ["a=b"], "insecure-registries": []}', KEPT),
        ('{"insecure-registries": ["-s"], "live-restore": false}', KEPT),
        ('{"insecure-registries": ["http://s"]}', (("http://a",), ("http://s",), True)),
        # A flag's name says nothing; levels and hosts are looked at when it starts alone.
        ('{"insecure-registry": ["s"]}', KEPT),
        ('{"insecure-registries": ["s"], "log-level": "x", "hosts": ["-x"]}', (("http://a",), ("s",), True)),
        ('{"insecure-registries": ["s"], "labels": ["x"]}', KEPT),
        ('{"insecure-registries": ["s"], "dns-search": ["-"]}', KEPT),
        ('{"insecure-registries": null}', (("http://a",), (), True)),
    ],
)
def test_red_hats_engine(text: str | None, wanted: Any) -> None:
    old = redhat("ADD_REGISTRY='--add-registry o'\nBLOCK_REGISTRY='--block-registry p'\n", json.dumps(OLD))
    running = after_reload(old, redhat("", text))
    assert told(running) == wanted
    assert (running.registries.added, running.registries.blocked) == (("o",), ("p",))


def test_a_refused_reload_says_why() -> None:
    old = docker("{}", "28.5.2", "--insecure-registry=r")
    running = after_reload(old, docker('{"insecure-registries": ["s"]}', "28.5.2"))
    assert told(running) == ((), ("r",), False)
    assert "--insecure-registry and the key" in running.refusals[0]


def test_a_switch_slips_into_a_daemon_started_without_a_file() -> None:
    """Drawn at random, asked of 20.10.5 and 20.10.24; 26.1.5 does not do so."""
    text = '{"live-restore": true, "registry-mirrors": ["b"]}'
    assert told(after_reload(docker(None, "20.10.24"), docker(text, "20.10.24"))) == ((), (), True)
    assert told(after_reload(docker("{}", "20.10.24"), docker(text, "20.10.24"))) == ((), (), False)
    assert told(after_reload(docker(None, "26.1.5"), docker(text, "26.1.5"))) == ((), (), False)


def test_a_second_reload_begins_where_the_first_ended() -> None:
    old, bare = docker(OLD, "28.5.2"), docker("{}", "28.5.2")
    first = after_reload(old, docker('{"insecure-registries": ["s"]}', "28.5.2"))
    assert told(after_reload(old, bare, first)) == (("http://a",), ("s",), True)
    assert after_reload(old, bare) == after_start(old)
