"""A restart with settings that no daemon of the host has started with: refused where the engine
cannot judge them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mooring.engines.docker.engine import Engine
from mooring.engines.docker.options import LIST, OPTIONS, SWITCH, Option
from mooring.engines.docker.type_rules import NUMBERS
from mooring.engines.plan.host import Host
from mooring.engines.plan.plan import Plan, plan
from mooring.engines.plan.wanted import Mirror, Registry, Wanted
from tests.support.docker_hosts import JSON, SYSCONFIG
from tests.support.planned_hosts import RECORD, URL, WEB, Daemon, docker, file, redhat

MIRROR, INSECURE = Wanted((), (Mirror(URL),)), Wanted((Registry("r.example.com", insecure=True),))
STOCK = "OPTIONS='--selinux-enabled --log-driver=journald'\n"


def changed(host: Host, text: str, path: str = JSON) -> Host:
    """The host after somebody has written a file while the daemon runs."""
    texts = host.texts
    kept = {name: held for name, held in texts.started_with.items() if name != path}
    texts = replace(texts, files={**texts.files, path: text}, started_with=kept)
    return replace(host, texts=texts, digests={name: digest for name, digest in host.digests.items() if name != path})


def refusal(outcome: Plan) -> str:
    (only,) = outcome.refusals
    assert outcome.steps == ()
    return str(only)


@pytest.mark.parametrize(
    "settings",
    [
        {"default-gateway": "192.0.2.1"},
        {"storage-driver": "overlay2"},
        {"bip": "192.0.2.1/24"},
        {"hosts": ["unix:///var/run/docker.sock"]},
        {"log-driver": "splunk"},
        {"log-opts": {"no-such": "1"}},
        {"tlsverify": True, "tlscert": "/c.pem", "tlskey": "/k.pem"},
        {"x": {"graph": "/srv"}},
        {"userns-remap": "default"},
    ],
)
def test_a_key_that_is_not_in_force_is_refused_before_a_restart(settings: dict[str, Any]) -> None:
    text = json.dumps(settings)
    host = changed(redhat("OPTIONS=''\n"), text)
    reason = refusal(plan(host, MIRROR))
    inner = next(iter(settings.values()))
    name = "graph" if "x" in settings else next(iter(settings))
    assert f"{name} ({JSON}:1)" in reason, (reason, inner)
    assert "changed since docker was started" in reason
    assert "restart docker by hand first" in reason
    assert "registry_client_accept_untried: [" in reason
    # The same file, with which the daemon was started.
    assert plan(redhat("OPTIONS=''\n", text), MIRROR).refusals == ()
    # Only a restart needs to know.
    assert plan(host, INSECURE).refusals == ()
    names = tuple(settings) if "x" not in settings else ("graph",)
    assert plan(host, MIRROR, untried=names).refusals == ()


# Every key that Red Hat's 1.13.1 knows, but for those of
# which we know that no value that it takes does harm.
HARMLESS_ANYHOW = {
    *("add-registry", "block-registry", "insecure-registries", "registry-mirrors", "dns", "dns-opts", "dns-search"),
    *("labels", "log-level", "debug", "disable-legacy-registry", "raw-logs", "signature-verification"),
    *("skip-schema2-push", "max-concurrent-downloads", "max-concurrent-uploads", "shutdown-timeout", "live-restore"),
    *("experimental", "init", "mtu", "log-driver", "config-file", "help", "restart", "version"),
}
SHAPED = {"runtimes": {"x": {"path": "/x"}}, "log-opts": {"max-buffer": "1"}, "cluster-store-opts": {"a": "b"}}
SHAPED["default-ulimits"] = {"nofile": {"Name": "nofile", "Hard": 2, "Soft": 1}}  # type: ignore[dict-item]
ADDRESSES = ("ip", "default-gateway", "default-gateway-v6")
KEYS = [key for key in OPTIONS if key.is_known_to(Engine("redhat", (1, 13, 1)))]


@pytest.mark.parametrize("option", [key for key in KEYS if key.key not in HARMLESS_ANYHOW], ids=lambda key: key.key)
def test_no_other_key_passes_by_being_forgotten(option: Option) -> None:
    value: Any = {SWITCH: True, LIST: ["a=b"]}.get(option.kind, "192.0.2.1" if option.key in ADDRESSES else "/x")
    value = 5 if option.key in NUMBERS else SHAPED.get(option.key, value)
    outcome = plan(changed(redhat("OPTIONS=''\n"), json.dumps({option.key: value})), MIRROR)
    assert outcome.steps == ()
    # tlsverify and its kin are known to stop the engine, which nobody can accept.
    assert any(f"{option.key} ({JSON}:1): changed since" in str(refusal) for refusal in outcome.refusals)


@pytest.mark.parametrize("text", ['{"tlsverify": false}', '{"tlsverify": null}'])
def test_tlsverify_that_was_not_loaded_yet(text: str) -> None:
    """The host ended without a daemon (asked of 1.13.1, 7d71120)."""
    outcome = plan(changed(redhat(""), text), MIRROR)
    assert any("X509 key pair" in refusal.text for refusal in outcome.refusals)
    assert outcome.steps == ()
    assert plan(changed(redhat(""), text), MIRROR, untried=("tlsverify",)).refusals


@pytest.mark.parametrize(
    "settings",
    [
        {"debug": True},
        {"labels": ["a=b"], "dns": ["192.0.2.1"], "dns-search": ["example.com"], "log-level": "warn"},
        {"max-concurrent-downloads": 5, "live-restore": False, "shutdown-timeout": 20, "mtu": 1400},
        {"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}},
        {"log-driver": "journald"},
        {"insecure-registries": ["192.0.2.0/24"], "registry-mirrors": ["http://m.example.com"]},
        {"help": True},
    ],
)
def test_what_no_engine_minds_is_no_obstacle(settings: dict[str, Any]) -> None:
    assert plan(changed(redhat("OPTIONS=''\n"), json.dumps(settings)), MIRROR).refusals == ()


def test_a_flag_that_is_not_in_force_is_refused_too() -> None:
    host = changed(redhat(STOCK), STOCK.replace("journald", "journald --bip=192.0.2.1/24"), SYSCONFIG)
    assert f"bip ({SYSCONFIG}:1)" in refusal(plan(host, MIRROR))
    assert plan(changed(redhat(STOCK), STOCK.replace("journald", "journald --debug"), SYSCONFIG), MIRROR).refusals == ()
    assert plan(redhat(STOCK), MIRROR).refusals == ()


def test_log_options_of_another_driver_are_not_harmless() -> None:
    host = changed(redhat(STOCK), '{"log-opts": {"max-size": "10m"}}')
    assert "log-opts" in refusal(plan(host, MIRROR))


def test_what_the_daemon_itself_says_is_in_force() -> None:
    info = {"Driver": "overlay2", "DockerRootDir": "/srv/docker", "CgroupDriver": "systemd"}
    text = json.dumps({"storage-driver": "overlay2", "graph": "/srv/docker"})
    host = changed(redhat(""), text)
    host = replace(host, texts=replace(host.texts, info={**host.texts.info, **info}))
    assert plan(host, MIRROR).refusals == ()


@pytest.mark.parametrize(("version", "is_refused"), [("17.03.2", True), ("22.06.0", True), ("23.0.0", False)])
def test_engines_that_judge_their_file_themselves_are_left_to_do_so(version: str, is_refused: bool) -> None:
    running = docker("{}", version, options="--insecure-registry=a")
    host = changed(running, '{"bip": "192.0.2.1/24"}')
    host = replace(host, texts=replace(host.texts, argv=(*host.texts.argv, "--registry-mirror=http://old")))
    outcome = plan(host, MIRROR)
    assert outcome.effect.value == "restart"
    assert bool(outcome.refusals) == is_refused


def test_a_daemon_that_does_not_run_is_started_all_the_same() -> None:
    host = changed(redhat(""), '{"bip": "192.0.2.1/24"}')
    down = replace(host, texts=replace(host.texts, info={}, argv=(), started_with={}))
    assert plan(replace(down, state={"ActiveState": "failed"}), MIRROR).refusals == ()


def test_what_was_seen_to_run_stays_known_when_mooring_has_written_the_file() -> None:
    """A reload leaves the file newer than the daemon; the restart of a later run must not be
    refused for that."""
    text = '{"bip": "192.0.2.1/24"}'
    host = redhat("", text, containers=[WEB])
    done = Daemon(host).go(plan(host, INSECURE))
    assert JSON not in done.texts.started_with
    assert set(json.loads(file(done, RECORD))["tried"]) == {"bip"}
    both = Wanted(INSECURE.registries, MIRROR.mirrors)
    again = plan(done, both)
    assert (again.refusals, again.effect.value) == ((), "restart")
    other = changed(done, file(done).replace("192.0.2.1", "192.0.2.2"))
    assert f"bip ({JSON}:" in refusal(plan(other, both))


def test_the_record_is_not_written_for_that_alone() -> None:
    host = redhat("", "{}")
    done = Daemon(host).go(plan(host, INSECURE))
    text = json.dumps({**json.loads(file(done)), "bip": "192.0.2.1/24"})
    later = changed(done, text)
    by_hand = replace(later, texts=replace(later.texts, started_with={JSON: text}))
    assert not plan(by_hand, INSECURE).is_changed
