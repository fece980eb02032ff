"""Red Hat's 1.13.1, one case for each answer of the original, build 7d71120 (Go 1.10), started or
sent a SIGHUP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.engines.docker.conflicts import Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.endpoints import Host, explain
from mooring.engines.docker.registries import Registries, as_it_runs, by_files
from mooring.engines.docker.reload import after_reload
from mooring.engines.docker.rules import find_conflicts, will_start
from mooring.engines.plan.plan import plan
from mooring.engines.plan.wanted import Registry, Wanted
from tests.support.docker_hosts import docker, redhat
from tests.support.planned_hosts import info
from tests.support.planned_hosts import redhat as host

BARE_UNIT = """\
# /etc/systemd/system/docker.service
[Service]
EnvironmentFile=-/etc/sysconfig/docker
ExecStart=/usr/bin/dockerd-current $OPTIONS
"""
RUNNING = ("/usr/bin/dockerd-current",)


def bare(options: str = "", text: str | None = "{}", **more: Any) -> Effective:
    """The engine without the flags of Red Hat's own unit."""
    return redhat(f"OPTIONS='{options}'\n", text, unit=BARE_UNIT, **more)


def starts(effective: Effective) -> bool:
    return will_start(find_conflicts(effective))


# Asked of 1.13.1, 7d71120.
@pytest.mark.parametrize(
    ("options", "text", "wanted"),
    [
        ("--default-pids-limit=100", "{}", True),
        ("--max-health-check-retries=3", "{}", True),
        ("--cpu-rt-period=1000000", "{}", True),
        ("--cpu-rt-runtime=950000", "{}", True),
        ("--default-pids-limit=x", "{}", False),
        ("--cpu-rt-period=x", "{}", False),
        ("", '{"default-pids-limit": 100}', True),
        ("", '{"max-health-check-retries": 3}', True),
        ("", '{"cpu-rt-period": 1000000}', True),
        ("", '{"default-pids-limit": "x"}', False),
        ("--tlsverify=false", "{}", False),
        ("--tls", "{}", False),
        ("--tls=false", "{}", True),
        ("", '{"tlsverify": false}', False),
        ("", '{"tlsverify": null}', False),
        ("", '{"x": {"tlsverify": false}}', False),
        ("", '{"tls": false}', True),
        ("--tlsverify --tlscert=/etc/docker/c.pem --tlskey=/etc/docker/k.pem", "{}", True),
        ("--log-max-line=4096", "{}", False),
        ("", '{"log-max-line": 4096}', False),
        ("--default-gateway=x", "{}", False),
        ("--default-gateway-v6=x", "{}", False),
        ("--ip=x", "{}", False),
        ("--ip=", "{}", False),
        ("--ip=192.0.2.1 --default-gateway=192.0.2.2 --default-gateway-v6=2001:db8::1", "{}", True),
        ("", '{"default-gateway": "x"}', False),
        ("", '{"default-gateway-v6": "x"}', False),
        ("", '{"ip": "x"}', False),
        ("", '{"ip": ""}', True),
        ("--default-ulimit=x", "{}", False),
        ("--default-ulimit=nofile=x", "{}", False),
        ("--default-ulimit=nosuch=1", "{}", False),
        ("--default-ulimit=nofile=3:2", "{}", False),
        ("--default-ulimit=nofile=-1:2", "{}", False),
        ("--default-ulimit=nofile=1024:2048 --default-ulimit=core=-1", "{}", True),
        # The key is default-ulimits; the flag's name as a key is read by nobody.
        ("", '{"default-ulimits": "x"}', False),
        ("", '{"default-ulimits": ["nofile=x"]}', False),
        ("", '{"default-ulimits": {"nofile": "x"}}', False),
        ("", '{"default-ulimits": {"nofile": {"Name": "nofile", "Hard": "x", "Soft": 1}}}', False),
        ("", '{"default-ulimits": {"nofile": {"Name": "nofile", "Hard": 2, "Soft": 1}}}', True),
        ("", '{"default-ulimit": "x"}', True),
        ("", '{"default-gateway": 5}', False),
        ("", '{"default-gateway-v6": ["2001:db8::1"]}', False),
        ("", '{"ip": false}', False),
        ("", '{"ip": "192.0.2.1", "default-gateway": "192.0.2.2", "default-gateway-v6": "2001:db8::1"}', True),
        ("", '{"version": "x"}', True),
        ("", '{"help": 1}', True),
        ("", '{"config-file": true}', True),
        ("", '{"restart": "x"}', True),
        ("", '{"Debug": {}}', False),
        ("", '{"DEBUG": {"debug": true}}', False),
        ("", '{"Runtimes": {}}', True),
    ],
)
def test_will_it_start(options: str, text: str, wanted: bool) -> None:
    assert starts(bare(options, text)) == wanted


@pytest.mark.parametrize("version", ["20.10.5", "20.10.24", "26.1.5", "28.5.2"])
@pytest.mark.parametrize(
    ("options", "text", "wanted"),
    [
        ("", {"tlsverify": False}, False),
        ("", {"tlsverify": None}, False),
        ("", {"tls": False}, True),
        ("--tlsverify=false", {}, False),
        ("", {"Debug": {}}, False),
        ("", '{"Runtimes": "", "Runtimes": {}}', False),
        ("", '{"max-concurrent-downloads": -1, "max-concurrent-downloads": 5}', True),
        ("", '{"max-concurrent-downloads": 5, "max-concurrent-downloads": -1}', False),
        ("", {"version": "x", "help": 1, "config-file": 1, "restart": "x"}, True),
        ("--default-ulimit=nofile=3:2", {}, False),
        ("--default-ulimit=nofile=2:-1", {}, True),
    ],
)
def test_dockers_own_engines_are_no_other(version: str, options: str, text: Any, wanted: bool) -> None:
    """Asked of each of them."""
    assert starts(docker(text, version, options)) == wanted


# --- what runs is accepted ---


@pytest.mark.parametrize(
    "flag", ["--default-pids-limit=x", "--no-such-flag=1", "--log-max-line=4096", "--tlsverify=true", "--label=a"]
)
def test_what_the_running_daemon_was_started_with_is_no_stop(flag: str) -> None:
    argv = (*RUNNING, *flag.split())
    assert not starts(bare(flag))
    assert starts(bare(flag, argv=argv, started_with={"/etc/docker/daemon.json": "{}"}))
    # A new program may have other flags.
    assert not starts(bare(flag, argv=argv, started_with={"/etc/docker/daemon.json": "{}"}, is_replaced=True))


def test_an_unknown_flag_of_a_running_daemon_is_no_stop_though_its_file_has_changed() -> None:
    assert starts(bare("--no-such-flag=1", argv=(*RUNNING, "--no-such-flag=1")))
    assert not starts(bare("--no-such-flag=1 --other=1", argv=(*RUNNING, "--no-such-flag=1")))


def test_a_daemon_json_as_old_as_the_daemon_is_no_stop() -> None:
    known = '{"no-such-key": 1, "tlsverify": true}'
    old = {"/etc/docker/daemon.json": known}
    assert starts(bare("", known, argv=RUNNING, started_with=old))
    assert not starts(bare("", known, argv=RUNNING))
    changed = '{"no-such-key": 1, "other": 1}'
    (stop,) = [
        conflict
        for conflict in find_conflicts(bare("", changed, argv=RUNNING, started_with=old))
        if conflict.severity is Severity.STOPS
    ]  # fmt: skip
    assert '"other"' in stop.message


def test_what_needs_flags_and_file_is_judged_anew_where_the_file_has_changed() -> None:
    argv = (*RUNNING, "--default-runtime=a")
    both = '{"runtimes": {"a": {"path": "/x"}}}'
    assert starts(bare("--default-runtime=a", both, argv=argv))
    assert not starts(bare("--default-runtime=a", "{}", argv=argv))


# --- registries ---


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io"])
def test_docker_hub_is_blocked_by_either_name(name: str) -> None:
    flag = f"--block-registry={name}"
    info_printed = info(Registries())
    effective = bare(flag, info=info_printed, argv=(*RUNNING, flag))
    running = as_it_runs(effective)
    assert running is not None
    assert by_files(effective).blocks("docker.io")
    assert running.blocks("docker.io")


def test_docker_hubs_other_name_is_written_as_the_one() -> None:
    outcome = plan(host(""), Wanted((Registry("index.docker.io", block=True),)))
    assert outcome.refusals == ()
    assert "BLOCK_REGISTRY='--block-registry docker.io'\n" in [endpoint.after for endpoint in outcome.changes]
    there = host("BLOCK_REGISTRY='--block-registry index.docker.io'\n")
    assert not plan(there, Wanted((Registry("docker.io", block=True),))).is_changed


def test_a_bad_insecure_entry_switches_the_whole_list_off() -> None:
    text = json.dumps({"insecure-registries": ["r.example.com", "-x", "192.0.2.0/24"]})
    info_printed = info(Registries())
    info_printed["RegistryConfig"]["InsecureRegistryCIDRs"] = []
    effective = bare("", text, info=info_printed)
    running, later = as_it_runs(effective), by_files(effective)
    assert running is not None
    for name in ("r.example.com", "192.0.2.1:5000", "127.0.0.1:5000", "localhost:5000"):
        assert not later.is_insecure(name)
        assert not running.is_insecure(name)


@pytest.mark.parametrize("entry", ["-x", "x-", "-"])
def test_with_a_bad_insecure_entry_the_others_are_asked_by_verified_tls_alone(entry: str) -> None:
    for more, is_kept in (([], True), ([entry], False)):
        text = json.dumps({"insecure-registries": ["r.example.com", *more]})
        effective = bare("--signature-verification=false", text)
        assert starts(effective)
        endpoints = explain("r.example.com/tiny", Host(effective.engine, by_files(effective), {})).endpoints
        wanted = ["unverified", "none"] if is_kept else ["verified"]
        assert [endpoint.tls for endpoint in endpoints if endpoint.kind == "registry"] == wanted
        messages = [conflict.message for conflict in find_conflicts(effective) if conflict.rule == "insecure-entry"]
        assert [
            f'"{entry}"' in message and "knows no insecure registry at all then" in message for message in messages
        ] == [True for _ in more]


def test_a_list_in_flags_and_file_stops_the_engine_whatever_is_in_it() -> None:
    for entry in ("r.example.com", "-x"):
        effective = bare("--insecure-registry=a.example.com", json.dumps({"insecure-registries": [entry]}))
        assert "flag-and-key" in [
            conflict.rule for conflict in find_conflicts(effective) if conflict.severity is Severity.STOPS
        ]


@pytest.mark.parametrize("entry", ["-x", "x-", "-"])
def test_a_bad_insecure_entry_as_a_flag_stops_the_engine(entry: str) -> None:
    assert starts(bare("--insecure-registry=a.example.com"))
    assert not starts(bare(f"--insecure-registry=a.example.com --insecure-registry={entry}"))
    (stop,) = [
        conflict
        for conflict in find_conflicts(bare(f"--insecure-registry={entry}"))
        if conflict.severity is Severity.STOPS
    ]
    assert stop.rule == "insecure-entry"
    assert "knows no insecure registry" not in stop.message


def test_one_bad_entry_of_the_operators_is_told_before_an_insecure_registry_is_put_beside_it() -> None:
    (refusal,) = plan(host("", '{"insecure-registries": ["-x"]}'), Wanted((Registry("r", insecure=True),))).refusals
    assert "does not reach the daemon" in refusal.text


def test_insecure_registries_count_once() -> None:
    flags = (
        "--insecure-registry=192.0.2.0/24 --insecure-registry=192.0.2.7/24 --insecure-registry=r --insecure-registry=r"
    )
    assert by_files(bare(flags)).insecure == ("192.0.2.0/24", "r")
    twice = bare("--insecure-registry=192.0.2.0/24 --add-registry=192.0.2.1:5000 --add-registry=192.0.2.1:5000")
    assert by_files(twice).insecure == ("192.0.2.0/24", "192.0.2.1:5000")


# --- SIGHUP ---


def test_a_reload_without_daemon_json_is_an_error() -> None:
    old = redhat("", '{"insecure-registries": ["r"]}')
    running = after_reload(old, redhat("", None))
    assert running.registries.insecure == ("r",)
    assert "refuses a reload without /etc/docker/daemon.json" in running.refusals[0]
    assert after_reload(docker("{}", "20.10.5"), docker(None, "20.10.5")).refusals == ()


def test_no_reload_is_planned_without_daemon_json() -> None:
    record = {"/etc/mooring/registry_client.json": '{"insecure-registries": ["r"], "ca": []}'}
    outcome = plan(host("", None, files=record, info=info(Registries((), ("r",)))), Wanted())
    assert (outcome.effect.value, outcome.refusals) == ("restart", ())
    assert "refuses a reload without" in outcome.reason


@pytest.mark.parametrize(
    ("cluster", "is_taken"),
    [
        ({"cluster-advertise": "nonsense", "cluster-store": "consul://192.0.2.1"}, False),
        ({"cluster-advertise": "192.0.2.1:2376"}, False),
        ({"cluster-advertise": "192.0.2.1:2376", "cluster-store": "consul://192.0.2.1"}, True),
        ({"cluster-advertise": ""}, True),
    ],
)
def test_a_wrong_cluster_advertise_keeps_a_reload_from_taking_anything_over(cluster: Any, is_taken: bool) -> None:
    text = json.dumps({**cluster, "insecure-registries": ["r"], "live-restore": True})
    running = after_reload(redhat(""), redhat("", text))
    assert (running.registries.insecure, running.live_restore) == ((("r",), True) if is_taken else ((), False))
    assert bool(running.refusals) != is_taken


# --- docker login ---


def test_the_plan_says_where_docker_login_goes_then() -> None:
    wanted = Wanted((Registry("r.example.com", search=True),))
    (warning,) = [warning for warning in plan(host(""), wanted).warnings if "docker login" in warning]
    assert "goes to r.example.com then, no longer to docker.io" in warning
    there = host("ADD_REGISTRY='--add-registry o.example.com'\n")
    assert not [warning for warning in plan(there, wanted).warnings if "docker login" in warning]
