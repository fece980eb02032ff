"""What follows from a change: nothing, a reload or a restart, by engine and version; and who feels it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mooring.engines.docker.registries import Registries
from mooring.engines.plan.host import Container, Host
from mooring.engines.plan.plan import Plan, plan
from mooring.engines.plan.settlement import arguments
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
    found = plan(docker("{}", version), wanted)
    assert (found.effect.value, found.refusals) == (effect, ())
    assert found.reason


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
    found = plan(redhat("OPTIONS='--selinux-enabled'\n", version=version), wanted)
    assert (found.effect.value, found.refusals) == (effect, ())


def test_an_insecure_registry_that_stands_as_a_flag_needs_a_restart() -> None:
    found = plan(redhat("INSECURE_REGISTRY='--insecure-registry a'\n"), INSECURE)
    assert found.effect is Effect.RESTART
    assert "part of the command line" in found.reason


def test_blocked_registries_go_into_their_variable() -> None:
    new = carried_out(redhat(""), Wanted((Registry("public", block=True),)))
    assert file(new, SYSCONFIG) == "BLOCK_REGISTRY='--block-registry public'\n"


# --- the running daemon ---


def test_a_change_of_ours_that_is_pending_is_made_up_for() -> None:
    done = carried_out(docker(), USUAL)
    stale = replace(done, texts=replace(done.texts, info=info(Registries())))
    found = plan(stale, USUAL)
    assert (found.changes, found.warnings) == ((), ())
    assert found.effect is Effect.RELOAD
    assert found.needs == (f"mirror not in effect: {URL}", f"insecure registry not in effect: {NAME}")
    assert [(step.files, step.then) for step in found.steps] == [((), Effect.RELOAD)]
    assert not plan(Daemon(stale).go(found), USUAL).is_changed


def test_what_was_taken_away_and_still_runs_is_made_up_for() -> None:
    host = docker("{}", files={RECORD: record_text(registry_mirrors=[URL])}, info=info(Registries((URL,))))
    found = plan(host, Wanted())
    assert found.needs == (f"mirror still in effect: {URL}",)
    assert found.effect is Effect.RELOAD


def test_what_runs_already_needs_no_restart() -> None:
    host = redhat("", info=info(Registries((URL,), (NAME,), (NAME,))), argv=("/usr/bin/dockerd-current",))
    found = plan(host, USUAL)
    assert found.effect is Effect.NONE
    assert found.reason == "the running daemon has all of it already"
    assert len(found.changes) == 3


def test_a_daemon_that_runs_with_the_flag_refuses_the_key_at_a_reload() -> None:
    argv = ("/usr/bin/dockerd", "--insecure-registry=old")
    found = plan(docker("{}", argv=argv), INSECURE)
    assert found.effect is Effect.RESTART
    assert "was started with --insecure-registry" in found.reason


def test_an_operators_pending_change_is_told_where_a_restart_takes_it_along() -> None:
    host = redhat("OPTIONS='--debug'\n", argv=("/usr/bin/dockerd-current",))
    assert any("debug" in warning for warning in plan(host, MIRROR).warnings)
    only_theirs = docker('{"registry-mirrors": ["http://theirs"]}', info=info(Registries()))
    assert not plan(only_theirs, Wanted()).is_changed


MOVED = "takes over what was changed before: "


@pytest.mark.parametrize(
    ("text", "version", "now", "told"),
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
    text: dict[str, Any], version: str, now: dict[str, Any], told: str
) -> None:
    running = dict(now)
    lives = running.pop("live_restore", False)
    found = plan(docker(json.dumps(text), version, info=info(Registries(**running), lives)), INSECURE)
    assert found.effect is Effect.RELOAD
    assert [one for one in found.warnings if MOVED in one] == ([f"the reload {MOVED}{told}"] if told else [])


def test_a_pending_entry_of_the_operators_beside_ours_is_told_where_a_restart_takes_it_along() -> None:
    (told,) = plan(redhat(UNSIGNED, '{"registry-mirrors": ["http://a"]}', info=info(Registries())), MIRROR).warnings
    assert told == f"the restart {MOVED}registry-mirrors (now nothing, then http://a)"


def test_a_daemon_that_does_not_run_is_started() -> None:
    host = replace(stopped(docker()), state={"LoadState": "loaded", "ActiveState": "failed"})
    found = plan(host, USUAL)
    assert (found.effect, found.reason) == (Effect.RESTART, "docker does not run")
    assert found.refusals == ()
    assert plan(host, Wanted(), is_absent=True).effect is Effect.NONE


def stopped(host: Host, error: str = "does not answer") -> Host:
    return replace(host, texts=replace(host.texts, info={}, argv=()), error=error)


# --- containers and live-restore ---


def steps(found: Plan) -> list[tuple[str, str]]:
    """(what is done, live-restore in the file: yes, no, none)."""
    shown = []
    for step in found.steps:
        held = [json.loads(one.after or "{}").get("live-restore") for one in step.files if one.path == JSON]
        shown.append((step.then.value, {True: "yes", False: "no", None: "none"}[held[-1]] if held else ""))
    return shown


LENT = [("reload", "yes"), ("restart", "yes"), ("reload", "no"), ("nothing", "none")]


def test_live_restore_is_lent_where_containers_run() -> None:
    host = redhat("", containers=[WEB])
    found = plan(host, USUAL)
    assert steps(found) == LENT
    assert found.steps[1].expect.same_containers
    assert (found.containers.fate, found.containers.names) == (Fate.STAY, ("web",))
    daemon = Daemon(host)
    daemon.go(found)
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
    found = plan(host, MIRROR)
    assert steps(found) == expected
    new = Daemon(host).go(found)
    assert json.loads(file(new)).get("live-restore") == json.loads(before or "{}").get("live-restore")


def test_live_restore_that_only_runs_is_kept_for_the_restart() -> None:
    host = redhat("", containers=[WEB], info=info(Registries(), live_restore=True))
    assert steps(plan(host, MIRROR)) == LENT[1:]


def test_nothing_is_lent_where_nothing_runs() -> None:
    found = plan(redhat(""), MIRROR)
    assert steps(found) == [("restart", "none")]
    assert (found.containers.fate, found.containers.why) == (Fate.UNTOUCHED, "none runs")


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
    found = plan(host, BOTH)
    assert (found.refusals, steps(found)) == ((), [("restart", "yes")])


NETWORK = Wanted((Registry("10.0.0.0/8", insecure=True),), MIRROR.mirrors)


def test_what_23_0_drops_at_a_reload() -> None:
    """Insecure hosts, also those that are flags, but no networks (source: moby PR #45552)."""
    assert plan(docker("{}", "23.0.6", "--insecure-registry=a"), MIRROR).effect is Effect.RESTART
    assert plan(docker("{}", "23.0.6", "--insecure-registry=10.0.0.0/8"), MIRROR).effect is Effect.RELOAD
    assert plan(docker("{}", "23.0.6"), NETWORK).effect is Effect.RELOAD
    assert plan(docker('{"registry-mirrors": null}', "23.0.6"), INSECURE).effect is Effect.RESTART


def test_a_reload_touches_no_container() -> None:
    found = plan(docker("{}", containers=[WEB]), USUAL)
    assert [step.then for step in found.steps] == [Effect.RELOAD]
    assert found.containers.fate is Fate.UNTOUCHED


def test_a_key_that_vanishes_is_emptied_for_the_reload() -> None:
    new = carried_out(docker(None), USUAL)
    found = plan(new, Wanted(), is_absent=True)
    assert [step.then for step in found.steps] == [Effect.RELOAD, Effect.NONE]
    emptied = next(one.after for one in found.steps[0].files if one.path == JSON)
    assert json.loads(emptied or "") == {"registry-mirrors": [], "insecure-registries": []}
    assert found.steps[1].files[0].after is None


# --- what the host's half is given ---


def test_the_way_back_of_a_reload_empties_what_was_new() -> None:
    given = arguments(plan(docker('{"mtu": 9}'), USUAL), 180, "")
    (back,) = given["undo"]["reload"]
    assert json.loads(back["files"][0]["text"]) == {"mtu": 9, "registry-mirrors": [], "insecure-registries": []}
    assert back["expect"]["absent"] == {"mirrors": [URL], "insecure": [NAME], "added": []}
    (again,) = given["undo"]["restart"]
    assert again["then"] == "restart"
    assert again["files"][-1]["text"] == '{"mtu": 9}'


def test_the_way_back_of_a_restart_lends_live_restore_too() -> None:
    given = arguments(plan(redhat("A=b\n", containers=[WEB]), USUAL), 180, "")
    first, restart, reload = given["undo"]["restart"]
    assert (first["then"], first["expect"]["live_restore"]) == ("reload", True)
    assert json.loads(first["files"][0]["text"]) == {"live-restore": True}
    texts = {one["path"]: one["text"] for one in restart["files"]}
    assert texts[SYSCONFIG] == "A=b\n"
    assert json.loads(texts[JSON]) == {"live-restore": True}
    assert restart["expect"]["same_containers"]
    assert json.loads(reload["files"][0]["text"])["live-restore"] is False
    (only,) = given["undo"]["reload"]
    assert json.loads(only["files"][0]["text"])["live-restore"] is False


def test_every_file_is_named_as_it_must_still_be() -> None:
    host = redhat("A=b\n", "{}", containers=[WEB])
    given = arguments(plan(host, USUAL), 60, "fail:step1.begun")
    assert {one["path"]: one["sha1"] for one in given["before"]} == {
        JSON: host.digest(JSON),
        SYSCONFIG: host.digest(SYSCONFIG),
        RECORD: None,
    }
    assert (given["service"], given["seconds"], given["fault"]) == ("docker", 60, "fail:step1.begun")
    assert given["config_path"] == JSON
    assert given["validate"] == []


def test_the_daemons_own_check_gets_the_units_flags() -> None:
    options = "--config-file=/etc/docker/other.json --debug"
    host = docker(version="23.0.7", options=options, files={"/etc/docker/other.json": "{}"})
    given = arguments(plan(host, USUAL), 180, "")
    assert given["validate"] == [
        "/usr/sbin/dockerd", "--host=fd://", "--containerd=/run/containerd/containerd.sock", "--debug=true",
    ]  # fmt: skip
    assert given["config_path"] == "/etc/docker/other.json"
    assert arguments(plan(docker(version="22.06.0"), USUAL), 180, "")["validate"] == []
