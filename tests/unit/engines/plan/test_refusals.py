"""What is refused before anything is touched, each with its reason and what can be done about
it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mooring.engines.docker.registries import Registries
from mooring.engines.plan.host import Host
from mooring.engines.plan.plan import plan
from mooring.engines.plan.wanted import Mirror, Registry, Wanted, problems
from tests.support.docker_hosts import JSON
from tests.support.planned_hosts import CERTS, NAME, RECORD, URL, USUAL, docker, host, info, redhat

CONTAINERD = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
MIRROR, INSECURE = Wanted((), (Mirror(URL),)), Wanted((Registry(NAME, insecure=True),))
BLOCKED = Wanted((Registry(NAME, block=True),))
OTHER_MIRROR = "OPTIONS='--registry-mirror=http://a.example.com'\n"
GHCR = Wanted((), (Mirror("http://m.example.com", "ghcr.io"),))


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (Registry("http://a"), "not a host or host:port"),
        (Registry("a/b"), "not a host or host:port"),
        (Registry("a b"), "not a host or host:port"),
        (Registry("a;reboot"), "not a host or host:port"),
        (Registry("a_b"), "not a host or host:port"),
        (Registry("http://a", insecure=True), "a scheme would make it useless"),
        (Registry("10.0.0.0/8"), "not a host or host:port"),
        (Registry("10.0.0.0/8", insecure=True, search=True), "is a network"),
        (Registry("a", insecure=True, ca="CA"), "switches the certificate off"),
        (Registry("a", certificate="C"), "key_file is missing"),
        (Registry("a", key="K"), "certificate_file is missing"),
        (Registry("a", search=True, block=True), "to be searched and to be blocked"),
        (Mirror("m.example.com"), "must be scheme://host"),
        (Mirror("ftp://m.example.com"), "must be scheme://host"),
        (Mirror("http://m.example.com/"), "without a path"),
        (Mirror("http://m.example.com/v2"), "without a path"),
        (Mirror("http://m.example.com?a=b"), "without a path"),
        (Mirror("http://joe:secret@m.example.com"), "has a user name in it"),
        (Mirror("http://m.example.com", "https://ghcr.io"), 'its registry "https://ghcr.io"'),
    ],
)
def test_what_is_right_nowhere(wanted: Registry | Mirror, problem: str) -> None:
    wishes = Wanted((wanted,)) if isinstance(wanted, Registry) else Wanted((), (wanted,))
    messages = list(problems(wishes))
    assert any(problem in message for message in messages), messages
    assert "secret" not in str(messages)
    assert plan(docker(), wishes).refusals


@pytest.mark.parametrize(
    "wanted",
    [
        Registry("a"),
        Registry("a.b-c.example.com:5000", insecure=True),
        Registry("[::1]:5000"),
        Registry("127.0.0.1:5000"),
        Registry("10.0.0.0/8", insecure=True),
        Registry("fd00::/8", insecure=True),
        Registry("all", block=True),
        Registry("a", ca="CA", certificate="C", key="K"),
        Mirror("http://m"),
        Mirror("https://[::1]:5000"),
        Mirror("https://m.example.com:5000", "ghcr.io"),
    ],
)
def test_what_may_be_asked_for(wanted: Registry | Mirror) -> None:
    assert not list(problems(Wanted((wanted,)) if isinstance(wanted, Registry) else Wanted((), (wanted,))))


@pytest.mark.parametrize(
    ("host", "wanted", "reason", "remedy"),
    [
        (docker(), Wanted((Registry(NAME, search=True),)), "Docker Hub alone for short names", "where-possible"),
        (docker(), Wanted((Registry(NAME, block=True),)), "cannot block", "firewall"),
        (docker(), GHCR, "mirrors for docker.io alone, not for ghcr.io", "docker 28"),
        (docker(version="28.5.2"), GHCR, "unless it uses the containerd image store", "podman"),
        (docker(version="27.5.1", info=CONTAINERD), GHCR, "docker.io alone", "docker 28"),
        (redhat(), GHCR, "docker.io alone", "docker 28"),
        (
            docker(version="1.11.2"),
            MIRROR,
            "no registry-mirrors from daemon.json",
            "--registry-mirror in the unit's own",
        ),
        (docker(version="1.11.2"), INSECURE, "no insecure-registries from", "--insecure-registry in the unit's own"),
        (redhat("", None, "1.10.3"), MIRROR, "no registry-mirrors from", "--registry-mirror in OPTIONS in /etc/sysc"),
        (redhat("", None, "1.11.2"), USUAL, "no registry-mirrors from", "--registry-mirror in OPTIONS in /etc/sysc"),
        (redhat(OTHER_MIRROR, None, "1.10.3"), MIRROR, "no registry-mirrors from", "--registry-mirror in OPTIONS in"),
        (
            redhat("", None, "1.10.3"),
            BLOCKED,
            "no block-registry from",
            "--block-registry in OPTIONS in /etc/sysconfig",
        ),
    ],
)
def test_what_the_engine_cannot_do(host: Host, wanted: Wanted, reason: str, remedy: str) -> None:
    (refusal,) = plan(host, wanted).refusals
    assert reason in refusal.text
    assert remedy in refusal.remedy


@pytest.mark.parametrize("host", [redhat(f"OPTIONS='--registry-mirror={URL}'\n", None, "1.10.3"),
                                   docker(version="1.11.2", options=f"--registry-mirror={URL}")])  # fmt: skip
def test_before_1_12_a_flag_that_is_there_is_enough(host: Host) -> None:
    done = plan(host, MIRROR)
    assert (done.refusals, done.is_changed) == ((), False)


def test_search_where_possible_is_left_out_where_it_is_not() -> None:
    assert not plan(docker(), Wanted((Registry(NAME, search="where-possible"),))).is_changed


DROP_IN = "\n# /etc/systemd/system/docker.service.d/x.conf\n[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd {}\n"


@pytest.mark.parametrize(
    ("host", "wanted", "words"),
    [
        (docker(options="--registry-mirror=http://a"), USUAL, ["registry-mirrors", "/etc/default/docker:1", JSON]),
        (docker(options="--insecure-registry=a"), USUAL, ["insecure-registries", "/etc/default/docker:1", JSON]),
        (
            docker(unit=docker().texts.unit + DROP_IN.format("--insecure-registry=a")),
            USUAL,
            ["/etc/systemd/system/docker.service.d/x.conf:3", JSON],
        ),
        (
            redhat("OPTIONS='--registry-mirror http://a'\n"),
            USUAL,
            ["registry-mirrors", "/etc/sysconfig/docker:1", JSON],
        ),
        (
            redhat(unit=redhat().texts.unit.replace("$INSECURE_REGISTRY", "--insecure-registry a")),
            USUAL,
            ["insecure-registries", "/usr/lib/systemd/system/docker.service", JSON],
        ),
    ],
)
def test_a_setting_as_flag_and_key(host: Host, wanted: Wanted, words: list[str]) -> None:
    (refusal,) = plan(host, wanted).refusals
    assert "would be set twice" in refusal.text
    assert all(word in refusal.text for word in words), refusal.text
    assert "remove one of the two" in refusal.remedy


def test_a_flag_that_says_it_already_is_no_obstacle() -> None:
    assert not plan(docker(options=f"--registry-mirror={URL}"), Wanted((), (Mirror(URL),))).is_changed


def test_flags_of_another_file_are_joined_by_the_variable() -> None:
    registries = "REGISTRIES='--insecure-registry a'\n"
    outcome = plan(redhat("", files={"/run/containers/registries.conf": registries}), USUAL)
    assert outcome.refusals == ()
    (change,) = [change for change in outcome.changes if change.path == "/etc/sysconfig/docker"]
    assert f"INSECURE_REGISTRY='--insecure-registry {NAME}'" in str(change.after)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{,}", "it is not JSON"),
        ("[]", "it holds no"),
        ('{"registry-mirrors": "http://a"}', "is not a list"),
        ('{"registry-mirrors": [], "registry-mirrors": ["http://a"]}', "more than once"),
        ('{"x": {"registry-mirrors": []}}', "inside another key"),
        ('{"registry_mirrors": []}', 'knows no key "registry_mirrors"'),
        ('{"registry-mirrors": ["a"]}', "no scheme"),
        ('{"debug": "yes"}', "must be true or false"),
    ],
)
def test_a_daemon_json_that_cannot_be_built_on(text: str, words: str) -> None:
    refusals = plan(docker(text, info=info(Registries())), USUAL).refusals
    assert any(words in refusal.text and JSON in refusal.text for refusal in refusals), list(map(str, refusals))
    assert all(refusal.remedy for refusal in refusals)


def test_a_file_that_keeps_the_daemon_from_starting_is_told_of_also_where_nothing_changes() -> None:
    (refusal,) = plan(docker('{"bogus": 1}', info=info(Registries())), Wanted()).refusals
    assert "docker 20.10.24 would not start with today's files already" in refusal.text
    assert f"{JSON}:1" in refusal.text


def test_a_drop_in_with_a_second_command_is_refused() -> None:
    unit = docker().texts.unit + "\n# /etc/systemd/system/docker.service.d/x.conf\n[Service]\nExecStart=/usr/bin/d\n"
    refusals = plan(docker(unit=unit), USUAL).refusals
    assert any("x.conf" in refusal.text and "ExecStart" in refusal.text for refusal in refusals)


@pytest.mark.parametrize(
    "host",
    [
        docker(json.dumps({"insecure-registries": [NAME]})),
        docker("{}", info=info(Registries((), (NAME,)))),
        docker(json.dumps({"insecure-registries": ["192.0.2.0/24"]})),
    ],
)
def test_an_insecure_registry_with_a_certificate(host: Host) -> None:
    wanted = Wanted((Registry(NAME, ca="CA\n"), Registry("192.0.2.7:5000", ca="CA\n")))
    refusals = plan(host, wanted).refusals
    assert len(refusals) == 1
    assert "switches the certificate off" in refusals[0].text


def test_loopback_is_only_warned_of() -> None:
    outcome = plan(docker(), Wanted((Registry("localhost:5000", ca="CA\n"),)))
    assert outcome.refusals == ()
    assert any("verifies no certificate" in warning for warning in outcome.warnings)


def test_a_variable_that_another_file_sets_again_does_not_reach_the_daemon() -> None:
    outcome = plan(redhat("", files={"/etc/sysconfig/docker-network": "ADD_REGISTRY=''\n"}), USUAL)
    (refusal,) = outcome.refusals
    assert "ADD_REGISTRY does not reach the daemon" in refusal.text


# --- the state of the host ---


def test_a_daemon_that_hangs_is_left_alone() -> None:
    hanging = replace(docker(), error="did not answer within 30 seconds")
    hanging = replace(hanging, texts=replace(hanging.texts, info={}))
    (refusal,) = plan(hanging, USUAL).refusals
    assert "docker.service is active, but the daemon does not answer" in refusal.text


def test_a_masked_unit_is_refused() -> None:
    (refusal,) = plan(replace(docker(), state={"LoadState": "masked"}), USUAL).refusals
    assert "masked" in refusal.text
    assert "systemctl unmask docker" in refusal.remedy


def test_an_engine_without_a_version_is_refused() -> None:
    assert "reports a version" in plan(docker(version=""), USUAL).refusals[0].text


def test_a_unit_that_systemd_has_not_read_is_refused_for_a_restart_alone() -> None:
    stale = redhat("", needs_reload=True)
    assert "systemctl daemon-reload" in plan(stale, USUAL).refusals[0].remedy
    assert plan(docker(needs_reload=True), USUAL).refusals == ()


def test_a_record_that_cannot_be_read_is_refused() -> None:
    for text in ("{", '{"ca": "x"}', "[]", '{"lines": {"A": 1}}'):
        (refusal,) = plan(docker(files={RECORD: text}), USUAL).refusals
        assert f"{RECORD} cannot be read" in refusal.text


def test_another_daemon_json_must_be_the_daemons() -> None:
    other = docker()
    other = replace(other, paths=replace(other.paths, daemon_json="/etc/other.json"))
    assert f"docker reads {JSON}, not /etc/other.json" in plan(other, USUAL).refusals[0].text


def test_a_file_that_is_no_utf_8_is_not_written_anew() -> None:
    host = docker('{"labels": ["\ufffd"]}')
    host = replace(host, digests={**host.digests, JSON: "0" * 40})
    assert "is not UTF-8" in plan(host, USUAL).refusals[0].text


def test_a_plan_that_is_refused_has_no_steps() -> None:
    outcome = plan(host(docker().texts.unit, {JSON: "{,}"}, "20.10.24", info=info(Registries())), USUAL)
    assert (outcome.steps, outcome.undo) == ((), {})
    assert not outcome.is_changed
    assert CERTS not in str(outcome)


@pytest.mark.parametrize(
    "name", ["a..b", "-a", "a-.b", "a:99999", "a:", "[::::]", "::1", "a/b", "a\n", "a_b", "http://a", ""]
)
def test_a_name_that_no_engine_takes_is_told_before_any_file_is_written(name: str) -> None:
    for wanted in (Wanted((Registry(name, insecure=True),)), Wanted((Registry(name, ca="C"),))):
        outcome = plan(docker(), wanted)
        assert any(f'"{name}" is not a host' in refusal.text for refusal in outcome.refusals)
        assert not outcome.changes
    assert plan(docker(), Wanted((), (Mirror(f"http://{name}"),))).refusals


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io"])
def test_docker_hub_is_never_insecure(name: str) -> None:
    (refusal,) = plan(docker(), Wanted((Registry(name, insecure=True),))).refusals
    assert "takes no word against Docker Hub" in refusal.text
    assert "can be a mirror" in refusal.remedy
