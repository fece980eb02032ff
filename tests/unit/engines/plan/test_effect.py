"""What follows from a change: nothing, a reload or a restart, by engine and
version; and who feels it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mooring.engines.docker.registries import Registries
from mooring.engines.plan.host import Container, Host
from mooring.engines.plan.module_arguments import arguments
from mooring.engines.plan.plan import Plan, plan
from mooring.engines.plan.step import Effect, Fate
from mooring.engines.plan.wanted import Mirror, Registry, Wanted
from tests.support.docker_hosts import JSON, SYSCONFIG
from tests.support.planned_hosts import (
    NAME,
    RECORD,
    URL,
    USUAL,
    WEB,
    Daemon,
    carried_out,
    docker,
    file,
    info,
    record_text,
    redhat,
)

INSECURE = Wanted((Registry(NAME, insecure=True),))
UNSIGNED = "OPTIONS='--signature-verification=false'\n"
MIRROR = Wanted((), (Mirror(URL),))
BOTH = Wanted(INSECURE.registries, MIRROR.mirrors)
ADDED = Wanted((Registry(NAME, search=True),))
BLOCKED = Wanted((Registry(NAME, block=True),))
CA = Wanted((Registry(NAME, ca="CA\n"),))
JOB = Container("job")


@pytest.mark.parametrize(
    ("version", "wanted", "effect"),
    [
        ("1.12.6", INSECURE, "restart"),
        ("1.13.0", INSECURE, "reload"),
        ("1.13.1", INSECURE, "reload"),
        ("1.13.1", MIRROR, "restart"),
        ("1.13.1", BOTH, "restart"),
        ("17.03.2-ce", INSECURE, "reload"),
        ("17.03.2-ce", MIRROR, "restart"),
        ("17.04.0-ce", MIRROR, "reload"),
        ("20.10.24+dfsg1", BOTH, "reload"),
        ("22.06.0", BOTH, "reload"),
        ("23.0.0", BOTH, "restart"),
        ("23.0.0", INSECURE, "reload"),
        ("23.0.0", MIRROR, "reload"),
        ("23.0.6", BOTH, "restart"),
        ("23.0.7", BOTH, "reload"),
        ("24.0.0", BOTH, "restart"),
        ("24.0.1", BOTH, "reload"),
        ("25.0.0", BOTH, "reload"),
        ("28.5.2", BOTH, "reload"),
        ("28.5.2", CA, "nothing"),
        ("1.12.6", CA, "nothing"),
    ],
)
def test_dockers_own_engine(version: str, wanted: Wanted, effect: str) -> None:
    outcome = plan(docker("{}", version), wanted)
    assert (outcome.effect.value, outcome.refusals) == (effect, ())
    assert outcome.reason


@pytest.mark.parametrize(
    ("version", "wanted", "effect"),
    [
        ("1.10.3", INSECURE, "restart"),
        ("1.12.6", INSECURE, "restart"),
        ("1.13.1", INSECURE, "reload"),
        ("1.13.1", MIRROR, "restart"),
        ("1.13.1", ADDED, "restart"),
        ("1.13.1", BLOCKED, "restart"),
        ("1.13.1", BOTH, "restart"),
        ("1.13.1", CA, "nothing"),
        ("20.10.5", MIRROR, "restart"),
    ],
)
def test_red_hats_engine(version: str, wanted: Wanted, effect: str) -> None:
    outcome = plan(redhat("OPTIONS='--selinux-enabled'\n", version=version), wanted)
    assert (outcome.effect.value, outcome.refusals) == (effect, ())


def test_an_insecure_registry_that_stands_as_a_flag_needs_a_restart() -> None:
    outcome = plan(redhat("INSECURE_REGISTRY='--insecure-registry a'\n"), INSECURE)
    assert outcome.effect is Effect.RESTART
    assert "part of the command line" in outcome.reason


def test_blocked_registries_go_into_their_variable() -> None:
    new = carried_out(redhat(""), Wanted((Registry("public", block=True),)))
    assert file(new, SYSCONFIG) == "BLOCK_REGISTRY='--block-registry public'\n"


# --- the running daemon ---


def test_a_change_of_ours_that_is_pending_is_made_up_for() -> None:
    done = carried_out(docker(), USUAL)
    stale = replace(done, texts=replace(done.texts, info=info(Registries())))
    outcome = plan(stale, USUAL)
    assert (outcome.changes, outcome.warnings) == ((), ())
    assert outcome.effect is Effect.RELOAD
    assert outcome.needs == (f"mirror not in effect: {URL}", f"insecure registry not in effect: {NAME}")
    assert [(step.files, step.then) for step in outcome.steps] == [((), Effect.RELOAD)]
    assert not plan(Daemon(stale).go(outcome), USUAL).is_changed


def test_what_was_taken_away_and_still_runs_is_made_up_for() -> None:
    host = docker("{}", files={RECORD: record_text(registry_mirrors=[URL])}, info=info(Registries((URL,))))
    outcome = plan(host, Wanted())
    assert outcome.needs == (f"mirror still in effect: {URL}",)
    assert outcome.effect is Effect.RELOAD


def test_what_runs_already_needs_no_restart() -> None:
    host = redhat("", info=info(Registries((URL,), (NAME,), (NAME,))), argv=("/usr/bin/dockerd-current",))
    outcome = plan(host, USUAL)
    assert outcome.effect is Effect.NONE
    assert outcome.reason == "the running daemon has all of it already"
    assert len(outcome.changes) == 3


def test_a_daemon_that_runs_with_the_flag_refuses_the_key_at_a_reload() -> None:
    argv = ("/usr/bin/dockerd", "--insecure-registry=old")
    outcome = plan(docker("{}", argv=argv), INSECURE)
    assert outcome.effect is Effect.RESTART
    assert "was started with --insecure-registry" in outcome.reason


def test_an_operators_pending_change_is_told_where_a_restart_takes_it_along() -> None:
    host = redhat("OPTIONS='--debug'\n", argv=("/usr/bin/dockerd-current",))
    assert any("debug" in warning for warning in plan(host, MIRROR).warnings)
    only_theirs = docker('{"registry-mirrors": ["http://theirs"]}', info=info(Registries()))
    assert not plan(only_theirs, Wanted()).is_changed


MOVED = "takes over what was changed before: "


@pytest.mark.parametrize(
    ("text", "version", "now", "moved"),
    [
        ({"live-restore": False}, "26.1.5", {"live_restore": True}, "live-restore (now true, then false)"),
        ({"live-restore": True}, "26.1.5", {}, "live-restore (now false, then true)"),
        ({"live-restore": True}, "26.1.5", {"live_restore": True}, ""),
        ({}, "26.1.5", {"live_restore": True}, ""),  # a key that is gone keeps its value
        ({"live-restore": True}, "1.13.1", {}, "live-restore (now false, then true)"),
        ({"registry-mirrors": ["http://a"]}, "26.1.5", {}, "registry-mirrors (now nothing, then http://a)"),
        ({"registry-mirrors": ["http://a"]}, "17.03.2", {}, ""),  # not reread
        ({"registry-mirrors": []}, "26.1.5", {"mirrors": ("//a",)}, "registry-mirrors (now //a, then nothing)"),
        ({"insecure-registries": ["a"]}, "26.1.5", {}, "insecure-registries (now nothing, then a)"),
        ({"insecure-registries": []}, "26.1.5", {"insecure": ("a",)}, "insecure-registries (now a, then nothing)"),
        ({"insecure-registries": ["a", "b"]}, "26.1.5", {"insecure": ("b", "a")}, ""),
        ({"debug": True}, "26.1.5", {}, ""),  # neither the API nor the command line tells
    ],
)  # fmt: skip
def test_an_operators_pending_change_is_told_where_a_reload_takes_it_along(
    text: dict[str, Any], version: str, now: dict[str, Any], moved: str
) -> None:
    running = dict(now)
    lives = running.pop("live_restore", False)
    outcome = plan(docker(json.dumps(text), version, info=info(Registries(**running), lives)), INSECURE)
    assert outcome.effect is Effect.RELOAD
    assert [warning for warning in outcome.warnings if MOVED in warning] == (
        [f"the reload {MOVED}{moved}"] if moved else []
    )


def test_a_pending_entry_of_the_operators_beside_ours_is_told_where_a_restart_takes_it_along() -> None:
    (warning,) = plan(redhat(UNSIGNED, '{"registry-mirrors": ["http://a"]}', info=info(Registries())), MIRROR).warnings
    assert warning == f"the restart {MOVED}registry-mirrors (now nothing, then http://a)"


def test_a_daemon_that_does_not_run_is_started() -> None:
    host = replace(stopped(docker()), state={"LoadState": "loaded", "ActiveState": "failed"})
    outcome = plan(host, USUAL)
    assert (outcome.effect, outcome.reason) == (Effect.RESTART, "docker does not run")
    assert outcome.refusals == ()
    assert plan(host, Wanted(), is_absent=True).effect is Effect.NONE


def stopped(host: Host, error: str = "does not answer") -> Host:
    return replace(host, texts=replace(host.texts, info={}, argv=()), error=error)


# --- containers and live-restore ---


def steps(outcome: Plan) -> list[tuple[str, str]]:
    """(what is done, live-restore in the file: yes, no, none)."""
    shown = []
    for step in outcome.steps:
        held = [json.loads(file.after or "{}").get("live-restore") for file in step.files if file.path == JSON]
        shown.append((step.then.value, {True: "yes", False: "no", None: "none"}[held[-1]] if held else ""))
    return shown


LENT = [("reload", "yes"), ("restart", "yes"), ("reload", "no"), ("nothing", "none")]


def test_live_restore_is_lent_where_containers_run() -> None:
    host = redhat("", containers=[WEB])
    outcome = plan(host, USUAL)
    assert steps(outcome) == LENT
    assert outcome.steps[1].expect.same_containers
    assert (outcome.containers.fate, outcome.containers.names) == (Fate.STAY, ("web",))
    daemon = Daemon(host)
    daemon.go(outcome)
    assert daemon.restarts == 1
    assert not daemon.lives
    assert json.loads(file(daemon.host)) == {"registry-mirrors": [URL], "insecure-registries": [NAME]}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ('{"live-restore": true}', [("restart", "yes")]),
        ('{"live-restore": false}', LENT[:3]),
        (None, LENT),
    ],
)
def test_live_restore_ends_as_it_was(before: str | None, expected: list[tuple[str, str]]) -> None:
    host = redhat("", before, containers=[WEB])
    outcome = plan(host, MIRROR)
    assert steps(outcome) == expected
    new = Daemon(host).go(outcome)
    assert json.loads(file(new)).get("live-restore") == json.loads(before or "{}").get("live-restore")


def test_live_restore_that_only_runs_is_kept_for_the_restart() -> None:
    host = redhat("", containers=[WEB], info=info(Registries(), live_restore=True))
    assert steps(plan(host, MIRROR)) == LENT[1:]


def test_nothing_is_lent_where_nothing_runs() -> None:
    outcome = plan(redhat(""), MIRROR)
    assert steps(outcome) == [("restart", "none")]
    assert (outcome.containers.fate, outcome.containers.why) == (Fate.UNTOUCHED, "none runs")


def without_kill_mode(unit: str) -> str:
    return unit.replace("KillMode=process\n", "")


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (redhat("", containers=[WEB, JOB], info=info(Registries(), swarm="active")), "swarm is active"),
        (redhat("OPTIONS='--live-restore=false'\n", containers=[WEB, JOB]), "--live-restore=false is a flag"),
        (redhat("", None, "1.10.3", containers=[WEB, JOB]), "has none"),
        (redhat("", unit=without_kill_mode(redhat().texts.unit), containers=[WEB, JOB]), "lacks KillMode=process"),
        (docker("{}", "23.0.6", containers=[WEB, JOB]), "drops the insecure registries"),
        (
            redhat("", '{"debug": true}', containers=[WEB, JOB], argv=(*redhat("").texts.argv, "--debug")),
            "was started with --debug",
        ),
    ],
)
def test_a_restart_that_stops_containers_must_be_allowed(host: Host, why: str) -> None:
    wanted = BOTH if host.texts.version != "1.10.3" else INSECURE  # it has no place for a mirror
    refused = plan(host, wanted)
    (refusal,) = refused.refusals
    assert why in refusal.text
    assert "2 containers (web, which comes back, job)" in refusal.text
    assert "registry_client_allow_restart" in refusal.remedy
    assert refused.steps == ()
    allowed = plan(host, wanted, allow_restart=True)
    assert allowed.refusals == ()
    assert [step.then for step in allowed.steps] == [Effect.RESTART]
    assert not allowed.steps[0].expect.same_containers
    assert (allowed.containers.fate, allowed.containers.back) == (Fate.STOP, ("web",))


def test_with_live_restore_on_the_drop_of_23_0_does_no_harm() -> None:
    host = docker('{"live-restore": true}', "23.0.6", containers=[WEB])
    outcome = plan(host, BOTH)
    assert (outcome.refusals, steps(outcome)) == ((), [("restart", "yes")])


NETWORK = Wanted((Registry("10.0.0.0/8", insecure=True),), MIRROR.mirrors)


def test_what_23_0_drops_at_a_reload() -> None:
    """Insecure hosts, also those that are flags, but no networks (source: moby PR #45552)."""
    assert plan(docker("{}", "23.0.6", "--insecure-registry=a"), MIRROR).effect is Effect.RESTART
    assert plan(docker("{}", "23.0.6", "--insecure-registry=10.0.0.0/8"), MIRROR).effect is Effect.RELOAD
    assert plan(docker("{}", "23.0.6"), NETWORK).effect is Effect.RELOAD
    assert plan(docker('{"registry-mirrors": null}', "23.0.6"), INSECURE).effect is Effect.RESTART


def test_a_reload_touches_no_container() -> None:
    outcome = plan(docker("{}", containers=[WEB]), USUAL)
    assert [step.then for step in outcome.steps] == [Effect.RELOAD]
    assert outcome.containers.fate is Fate.UNTOUCHED


def test_a_key_that_vanishes_is_emptied_for_the_reload() -> None:
    new = carried_out(docker(None), USUAL)
    outcome = plan(new, Wanted(), is_absent=True)
    assert [step.then for step in outcome.steps] == [Effect.RELOAD, Effect.NONE]
    emptied = next(file.after for file in outcome.steps[0].files if file.path == JSON)
    assert json.loads(emptied or "") == {"registry-mirrors": [], "insecure-registries": []}
    assert outcome.steps[1].files[0].after is None


# --- what the host's half is given ---


def test_the_way_back_of_a_reload_empties_what_was_new() -> None:
    args = arguments(plan(docker('{"mtu": 9}'), USUAL), 180, "")
    (back,) = args["undo"]["reload"]
    assert json.loads(back["files"][0]["text"]) == {"mtu": 9, "registry-mirrors": [], "insecure-registries": []}
    assert back["expect"]["absent"] == {"mirrors": [URL], "insecure": [NAME], "added": []}
    (again,) = args["undo"]["restart"]
    assert again["then"] == "restart"
    assert again["files"][-1]["text"] == '{"mtu": 9}'


def test_the_way_back_of_a_restart_lends_live_restore_too() -> None:
    args = arguments(plan(redhat("A=b\n", containers=[WEB]), USUAL), 180, "")
    first, restart, reload = args["undo"]["restart"]
    assert (first["then"], first["expect"]["live_restore"]) == ("reload", True)
    assert json.loads(first["files"][0]["text"]) == {"live-restore": True}
    texts = {file["path"]: file["text"] for file in restart["files"]}
    assert texts[SYSCONFIG] == "A=b\n"
    assert json.loads(texts[JSON]) == {"live-restore": True}
    assert restart["expect"]["same_containers"]
    assert json.loads(reload["files"][0]["text"])["live-restore"] is False
    (only,) = args["undo"]["reload"]
    assert json.loads(only["files"][0]["text"])["live-restore"] is False


def test_every_file_is_named_as_it_must_still_be() -> None:
    host = redhat("A=b\n", "{}", containers=[WEB])
    args = arguments(plan(host, USUAL), 60, "fail:step1.begun")
    assert {file["path"]: file["sha1"] for file in args["before"]} == {
        JSON: host.digest(JSON),
        SYSCONFIG: host.digest(SYSCONFIG),
        RECORD: None,
    }
    assert (args["service"], args["seconds"], args["fault"]) == ("docker", 60, "fail:step1.begun")
    assert args["config_path"] == JSON
    assert args["validate"] == []


def test_the_daemons_own_check_gets_the_units_flags() -> None:
    options = "--config-file=/etc/docker/other.json --debug"
    host = docker(version="23.0.7", options=options, files={"/etc/docker/other.json": "{}"})
    args = arguments(plan(host, USUAL), 180, "")
    assert args["validate"] == [
        "/usr/sbin/dockerd", "--host=fd://", "--containerd=/run/containerd/containerd.sock", "--debug=true",
    ]  # fmt: skip
    assert args["config_path"] == "/etc/docker/other.json"
    assert arguments(plan(docker(version="22.06.0"), USUAL), 180, "")["validate"] == []
