"""What the next boot makes of a host."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.engines.docker.boot import Boot, at_boot
from mooring.engines.docker.effective import Texts
from mooring.engines.docker.registries_service import GENERATED, SOURCE
from mooring.engines.docker.rules import find_conflicts, will_start
from tests.support.docker_hosts import DEBIAN_UNIT, JSON, REDHAT_UNIT, SYSCONFIG

OLD = '[registries.search]\nregistries = ["a.example.com"]\n[registries.insecure]\nregistries = ["b:5000"]\n'
OLD += '[registries.block]\nregistries = ["c.example.com"]\n'
LISTS = ("add-registry", "insecure-registries", "block-registry")
ENABLED = {"LoadState": "loaded", "UnitFileState": "enabled"}
QUIET = {SYSCONFIG: "OPTIONS=--signature-verification=false\n", JSON: "{}"}


def boot(files: dict[str, str | None], state: dict[str, str] = ENABLED, service: Any = None, **more: Any) -> Boot:
    unit = more.pop("unit", REDHAT_UNIT)
    return at_boot(Texts(unit, {**QUIET, **files}, version="1.13.1", **more), state, service or {})


def values(boot_state: Boot, key: str) -> list[str]:
    return [value.text for value in boot_state.effective.values(key)]


def test_registries_service_writes_flags_anew() -> None:
    boot_state = boot({SOURCE: OLD, GENERATED: 'REGISTRIES="--add-registry old.example.com"\n'}, service=ENABLED)
    assert values(boot_state, "add-registry") == ["a.example.com"]
    assert values(boot_state, "insecure-registries") == ["b:5000"]
    assert values(boot_state, "block-registry") == ["c.example.com"]
    assert boot_state.reasons[0].startswith(f"registries.service writes {GENERATED} anew from {SOURCE}: REGISTRIES=")


NEW = '[[registry]]\nlocation = "b:5000"\ninsecure = true\n[[registry]]\nlocation = "c"\nblocked = true\n'


@pytest.mark.parametrize(
    "text",
    [
        NEW,
        'unqualified-search-registries = ["a"]\n' + NEW,
        "[registries]\n",
        'registries = ["a"]\n',
        # Where it fails it writes nothing.
        "[",
        "registries: a\n",
        "- a\n",
        "registries: [a]\nwhen: 2020-13-45\n",
        "registries: [a]\nwhen: !!bool maybe\n",
        "registries: [a]\nwhen: !!timestamp soon\n",
        "[" * 3000,
        OLD.replace('"c.example.com"', "1"),
        OLD.replace('["c.example.com"]', '"c.example.com"'),
        OLD.replace('registries = ["c.example.com"]', "x = 1"),
        "",
    ],
)
def test_registries_service_knows_the_old_syntax_alone(text: str) -> None:
    boot_state = boot({SOURCE: text}, service=ENABLED)
    assert boot_state.reasons == ()
    assert [values(boot_state, key) for key in LISTS] == [[], [], []]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (OLD + NEW, [["a.example.com"], ["b:5000"], ["c.example.com"]]),
        ('[registries.insecure]\nregistries = ["b:5000/", "d"]\n', [[], ["b:5000", "d"], []]),
        ("registries:\n  - a\n  - d/\nblock_registries: [c]\n", [["a", "d"], [], ["c"]]),
    ],
)
def test_what_registries_service_takes(text: str, wanted: list[list[str]]) -> None:
    boot_state = boot({SOURCE: text}, service=ENABLED)
    assert [values(boot_state, key) for key in LISTS] == wanted


@pytest.mark.parametrize(
    "service", [{}, {"LoadState": "not-found"}, {"LoadState": "loaded", "UnitFileState": "disabled"}]
)
def test_without_the_service_they_are_gone(service: dict[str, str]) -> None:
    boot_state = boot({SOURCE: OLD, GENERATED: 'REGISTRIES="--add-registry old.example.com"\n'}, service=service)
    assert values(boot_state, "add-registry") == []
    assert "is gone then" in boot_state.reasons[0]
    assert boot({SOURCE: OLD}, service=service).reasons == ()


def test_nothing_new_is_no_difference() -> None:
    flags = "REGISTRIES='--add-registry a.example.com --insecure-registry b:5000 --block-registry c.example.com'\n"
    assert boot({SOURCE: OLD, GENERATED: flags}, service=ENABLED).reasons == ()
    assert boot({SOURCE: None, GENERATED: None}, service=ENABLED).reasons == ()
    assert boot({SOURCE: "[registries.search]\nregistries = []\n"}, service=ENABLED).reasons == ()


def test_a_boot_may_fail_where_a_restart_does_not() -> None:
    files: dict[str, str | None] = {SOURCE: OLD, JSON: '{"insecure-registries": ["b:5000"]}'}
    boot_state = boot(files, service=ENABLED)
    assert [conflict.rule for conflict in find_conflicts(boot_state.effective)] == ["flag-and-key"]
    assert not will_start(find_conflicts(boot_state.effective))
    assert will_start(find_conflicts(boot(files).effective))


@pytest.mark.parametrize(
    ("state", "starts"),
    [
        ({}, True),
        (ENABLED, True),
        ({"LoadState": "loaded", "UnitFileState": "static"}, True),
        ({"LoadState": "loaded", "UnitFileState": "disabled"}, False),
        ({"LoadState": "loaded", "UnitFileState": "enabled-runtime"}, False),
        ({"LoadState": "masked", "UnitFileState": "masked"}, False),
        ({"LoadState": "masked"}, False),
    ],
)
def test_units_that_start(state: dict[str, str], starts: bool) -> None:
    boot_state = boot({}, state)
    assert boot_state.starts is starts
    assert bool(boot_state.reasons) is not starts


def test_drop_ins_below_run_and_a_pending_reload() -> None:
    drop_in = "\n# /run/systemd/system/docker.service.d/a.conf\n[Service]\nExecStart=\nExecStart=/bin/false\n"
    later = "\n# /etc/systemd/system/docker.service.d/b.conf\n[Service]\nEnvironment=A=b\n"
    boot_state = boot({}, unit=DEBIAN_UNIT + drop_in + later, needs_reload=True)
    assert boot_state.effective.command.program == "/usr/sbin/dockerd"
    assert boot_state.effective.service.environment["A"].text == "b"
    assert boot_state.reasons == ("the unit's files below /run are gone then", "systemd reads the unit as it now is")
    assert "daemon-reload" not in [conflict.rule for conflict in find_conflicts(boot_state.effective)]
