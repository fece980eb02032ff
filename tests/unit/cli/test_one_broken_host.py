"""One host that answers nonsense: its own row, finding or task; the others are looked at and
worked on as ever."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.agent import wire
from mooring.cli.doctor import diagnose
from mooring.cli.explain import explain
from mooring.cli.options import Request
from mooring.cli.status import show_status
from mooring.engines.plan.record import PATH as RECORD
from mooring.errors import HostUnreachable
from mooring.fleet import survey
from mooring.fleet.inspection import InspectionFailed
from mooring.fleet.site import Site
from mooring.inventory.inventory import Inventory
from mooring.playbook.playbook import Playbook
from mooring.project import Project
from mooring.results import Event, TaskFinished
from mooring.run import time_limit
from mooring.run.action_files import check_action
from mooring.run.options import Options
from mooring.run.runner import Runner
from mooring.transport import session
from mooring.transport.connection.process import Connection
from mooring.transport.connection.settings import ConnectionSettings, RunOptions
from mooring.verification.fleet import Fleet
from tests.support.engine_replies import reply as docker_config
from tests.support.evil_agent import EvilHost, greeting, json_frame
from tests.support.story import play

INVENTORY = """\
all:
  vars: {ansible_become: false}
  children:
    server: {hosts: {s: {ansible_connection: local}}}
    clients:
      vars: {registry_names: [r.example.com]}
      hosts:
        good: {ansible_connection: local}
"""


def whole(**changes: Any) -> dict[str, Any]:
    more = {"state": {}, "registries_service": {}, "digests": {}, "error": "", "containers": []}
    return {"changed": False, "failed": False, **docker_config(**more), **changes}


def framed(reply: Any) -> bytes:
    return wire.pack(wire.JSON, 1, {"reply": reply})


def recorded(value: Any) -> bytes:
    return framed(whole(files={RECORD: json.dumps(value)}))


ANSWERS: dict[str, bytes] = {
    "no reply at all": json_frame(b"[1]"),
    "diff": framed({**whole(), "diff": [1]}),
    "progress": wire.pack(wire.JSON, 1, {"progress": {"what": "", "done": "x", "total": 1}}),
    "nothing in it": framed({"changed": False, "failed": False}),
    "files": framed(whole(files=[1])),
    "texts": framed(whole(files={"/etc/docker/daemon.json": 5})),
    "certificates": framed(whole(certificates={"r.example.com": 7})),
    "argv": framed(whole(argv=[None])),
    "mirrors": framed(whole(info={"RegistryConfig": {"Mirrors": [1]}})),
    "indexes": framed(whole(info={"RegistryConfig": {"Mirrors": [], "IndexConfigs": {"x": "y"}}})),
    "drivers": framed(whole(info={"DriverStatus": "x"})),
    "state": framed(whole(state={"ActiveState": 1})),
    "a failure without words": framed({"changed": False, "failed": True, "msg": None, "missing": None}),
    "a record of numbers": recorded({"registry-mirrors": 5}),
    "a record of sums": recorded({"files": 3, "sums": [1]}),
    "a record of lists": recorded({"ca": {"a": 1}, "sums": "x", "files": 1.5}),
}

EVIL = {f"evil{number}": answer for number, answer in enumerate(ANSWERS.values())}
"""What each of the hosts says that answer nonsense."""
HOST_OF = dict(zip(ANSWERS, EVIL, strict=True))


@pytest.fixture
def request_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Request]:
    """A request to a fleet of which each host but `s` and `good` says another nonsense."""
    real = session.open_connection

    def open_connection(settings: ConnectionSettings, *more: Any) -> Connection:
        if settings.address not in EVIL:
            return real(settings, *more)
        folder = tmp_path / settings.address
        folder.mkdir(exist_ok=True)
        return EvilHost(folder, greeting() + EVIL[settings.address])

    monkeypatch.setattr(session, "open_connection", open_connection)
    monkeypatch.setattr(survey, "PATIENCE", 0.7)  # it says no more than this, whatever it is asked
    monkeypatch.setattr(time_limit, "LOOK_SECONDS", 0.7)
    (tmp_path / "hosts.yml").write_text(INVENTORY + "".join(f"        {name}: {{}}\n" for name in EVIL))
    return lambda **more: Request(inventory=(str(tmp_path / "hosts.yml"),), json=True, **more)


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return {host["host"]: host for host in json.loads(capsys.readouterr().out)["hosts"]}


def test_status_has_its_row(request_to: Callable[..., Request], capsys: pytest.CaptureFixture[str]) -> None:
    code = show_status(request_to(detailed_exitcode=True))
    rows = shown(capsys)
    assert set(rows) == {"s", "good", *EVIL}
    for what, host in HOST_OF.items():
        assert rows[host]["drift"] not in ("", "none"), what
        assert rows[host]["notes"], what
    assert code in (4, 8)


def test_doctor_has_its_finding(request_to: Callable[..., Request], capsys: pytest.CaptureFixture[str]) -> None:
    code = diagnose("clients", request_to())
    rows = shown(capsys)
    assert set(rows) == {"good", *EVIL}
    for what, host in HOST_OF.items():
        assert rows[host]["trouble"], what
    assert code in (2, 4)


@pytest.mark.parametrize(
    "what",
    [
        what if what in ("diff", "a record of numbers") else pytest.param(what, marks=pytest.mark.long)
        for what in ANSWERS
    ],
)
def test_explain_is_one_line(request_to: Callable[..., Request], what: str) -> None:
    with contextlib.suppress(InspectionFailed, HostUnreachable):
        assert explain(HOST_OF[what], "r.example.com/app", request_to()) in (0, 2)


def test_a_run_fails_those_hosts_only(request_to: Callable[..., Request], tmp_path: Path) -> None:
    events: list[Event] = []
    (tmp_path / "p.yml").write_text(play("- docker_config:\n  register: seen\n- ping:\n", "clients"))
    inventory = Inventory.load(request_to().inventory, tmp_path)
    runner = Runner(inventory, Options(), RunOptions(), events.append)
    code = runner.run(Playbook.load(tmp_path / "p.yml", check_action))
    results = [event.result for event in events if isinstance(event, TaskFinished)]
    assert [result.task for result in results if result.host == "good"][:1] == ["docker_config"]
    assert {result.host for result in results} == {"good", *EVIL}
    assert all("Traceback" not in result.traceback for result in results)
    assert code in (0, 2, 4)


def test_verify_leaves_them_out(request_to: Callable[..., Request]) -> None:
    site = Site.load(request_to().inventory, "site.yml", Options(), RunOptions(), Project())
    with Fleet(site) as fleet:
        fleet.connect()
        assert set(fleet.unreachable) <= set(EVIL)
        assert [member.name for member in fleet.members["clients"]][:1] == ["good"]
