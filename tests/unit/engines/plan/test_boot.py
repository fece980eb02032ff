"""A plan must not leave a host that starts now and fails at its next boot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mooring.engines.docker.boot import at_boot
from mooring.engines.docker.registries_service import GENERATED, SERVICE, SOURCE
from mooring.engines.docker.rules import find_conflicts, will_start
from mooring.engines.plan.host import Host
from mooring.engines.plan.plan import plan
from mooring.engines.plan.record import PATH as RECORD
from mooring.engines.plan.step import Effect
from mooring.engines.plan.wanted import Registry, Wanted
from tests.support.docker_hosts import JSON, REDHAT_UNIT, SYSCONFIG
from tests.support.planned_hosts import NAME, Daemon, carried_out, file, record_text, redhat

ENABLED = {"LoadState": "loaded", "UnitFileState": "enabled"}
DISABLED = {"LoadState": "loaded", "UnitFileState": "disabled"}
BARE = REDHAT_UNIT
for name in ("$ADD_REGISTRY", "$BLOCK_REGISTRY", "$INSECURE_REGISTRY"):
    BARE = BARE.replace(name, "")
NEW = '[[registry]]\nlocation = "x.example.com"\ninsecure = true\n'


def wanted(kind: str) -> Wanted:
    kinds = {kind: True}
    return Wanted((Registry(NAME, **kinds),))  # type: ignore[arg-type]


def old_syntax(kind: str) -> str:
    return f'[registries.{kind}]\nregistries = ["x.example.com"]\n'


def host(text: str | None, service: dict[str, str], daemon_json: str = "{}", unit: str = BARE, **more: str) -> Host:
    host = redhat("", daemon_json, unit=unit, files={SOURCE: text, **more})
    return replace(host, registries_service=service)


def boots(host: Host) -> bool:
    return will_start(find_conflicts(at_boot(host.texts, host.state, host.registries_service).effective))


@pytest.mark.parametrize("kind", ["insecure", "search", "block"])
def test_a_key_that_meets_a_flag_at_the_next_boot_is_refused(kind: str) -> None:
    before = host(old_syntax(kind), ENABLED)
    assert boots(before)
    outcome = plan(before, wanted(kind))
    (refusal,) = outcome.refusals
    assert "would start with the new files now, but not at the next boot" in refusal.text
    assert JSON in refusal.text
    assert f"flags of {SOURCE}" in refusal.remedy
    assert (outcome.steps, [warning for warning in outcome.warnings if "docker login" not in warning]) == ((), [])


@pytest.mark.parametrize("kind", ["insecure", "search", "block"])
@pytest.mark.parametrize(
    ("text", "service"), [("same", DISABLED), ("same", {}), (NEW, ENABLED), ("", ENABLED), (None, ENABLED)]
)
def test_a_key_that_meets_none_is_written(kind: str, text: str | None, service: dict[str, str]) -> None:
    before = host(old_syntax(kind) if text == "same" else text, service)
    done = carried_out(before, wanted(kind))
    assert NAME in file(done)
    assert boots(done)


@pytest.mark.parametrize("kind", ["insecure", "search", "block"])
def test_with_a_variable_it_becomes_a_flag(kind: str) -> None:
    done = carried_out(host(old_syntax(kind), ENABLED, unit=REDHAT_UNIT), wanted(kind))
    assert NAME in file(done, SYSCONFIG)
    assert file(done) == "{}"
    assert boots(done)


def test_what_fails_already_is_warned_of() -> None:
    before = host(old_syntax("insecure"), ENABLED, '{"insecure-registries": []}', REDHAT_UNIT)
    assert not boots(before)
    outcome = plan(before, wanted("insecure"))
    assert (outcome.effect, outcome.refusals) == (Effect.RELOAD, ())
    (warning,) = outcome.warnings
    assert warning.startswith("already before this change Red Hat's docker 1.13.1 would not start at the next boot: ")
    assert f"flags of {SOURCE}" in warning
    done = Daemon(before).go(outcome)
    again = plan(done, wanted("insecure"))
    assert (again.is_changed, again.warnings) == (False, (warning,))


def test_what_the_plan_mends_is_not_told_of() -> None:
    ours = f'{{"insecure-registries": ["{NAME}"]}}'
    record = {
        RECORD: record_text(insecure_registries=[NAME]).replace("{", '{"keys": {"insecure-registries": null},', 1)
    }
    before = host(old_syntax("insecure"), ENABLED, ours, REDHAT_UNIT, **record)
    assert not boots(before)
    outcome = plan(before, Wanted(), is_absent=True)
    assert (outcome.refusals, outcome.warnings) == ((), ())
    assert boots(Daemon(before).go(outcome))


def test_a_flag_that_only_a_drop_in_below_run_keeps_away() -> None:
    dropped = (
        "\n# /run/systemd/system/docker.service.d/a.conf\n[Service]\nExecStart=\nExecStart=/usr/bin/dockerd-current\n"
    )
    unit = BARE.replace("$REGISTRIES", "--insecure-registry a:5000") + dropped
    (refusal,) = plan(host(None, {}, unit=unit), wanted("insecure")).refusals
    assert "not at the next boot" in refusal.text
    assert "the unit's files below /run are gone then" in refusal.remedy


def flag_of(kind: str, name: str = NAME) -> str:
    flag = {"insecure": "insecure-registry", "search": "add-registry", "block": "block-registry"}[kind]
    return f'REGISTRIES="--{flag} {name}"\n'


@pytest.mark.parametrize("kind", ["insecure", "search", "block"])
@pytest.mark.parametrize(("text", "service"), [("", ENABLED), (None, ENABLED), ("same", DISABLED), ("same", {})])
def test_what_the_next_boot_would_lose_is_not_taken_for_done(
    kind: str, text: str | None, service: dict[str, str]
) -> None:
    """registries.conf was changed, and registries.service not run since."""
    own = f'[registries.{kind}]\nregistries = ["{NAME}"]\n'
    before = host(own if text == "same" else text, service, unit=REDHAT_UNIT, **{GENERATED: flag_of(kind)})
    outcome = plan(before, wanted(kind))
    (refusal,) = outcome.refusals
    assert f"{NAME}: " in refusal.text
    assert "but not after the next boot" in refusal.text
    assert GENERATED in refusal.text
    assert f"systemctl restart {SERVICE}" in refusal.remedy
    assert not outcome.steps
    assert not plan(before, Wanted()).refusals
    # The service was run, so the plan is told what counts.
    mended = host(text if text != "same" else "", service, unit=REDHAT_UNIT)
    done = carried_out(mended, wanted(kind))
    assert boots(done)
    assert NAME in file(done, JSON if kind == "insecure" else SYSCONFIG)


@pytest.mark.parametrize("kind", ["insecure", "search", "block"])
def test_what_registries_service_writes_at_every_boot_is_there(kind: str) -> None:
    own = f'[registries.{kind}]\nregistries = ["{NAME}"]\n'
    before = host(own, ENABLED, unit=REDHAT_UNIT, **{GENERATED: flag_of(kind)})
    outcome = plan(before, wanted(kind))
    assert (outcome.refusals, outcome.is_changed) == ((), False)


@pytest.mark.parametrize("kind", ["insecure", "search", "block"])
def test_beside_a_generated_flag_no_key_is_written(kind: str) -> None:
    """Where the flags stand in the generated file alone, a key would keep the daemon from
    starting."""
    others = flag_of(kind, "x.example.com")
    for text in (old_syntax(kind), ""):
        done = carried_out(host(text, ENABLED, unit=REDHAT_UNIT, **{GENERATED: others}), wanted(kind))
        assert NAME in file(done, SYSCONFIG)
        assert NAME not in file(done)
        assert boots(done)
    (refusal,) = plan(host(old_syntax(kind), ENABLED, **{GENERATED: others}), wanted(kind)).refusals
    assert f"{GENERATED}:1" in refusal.text
    assert f"is made of {SOURCE}" in refusal.remedy
    assert f"systemctl restart {SERVICE}" in refusal.remedy
