"""A whole verification of a fleet in memory, and its summary as JSON has it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from mooring.project import Project
from mooring.records.verification import Summary
from mooring.reporters.verification import JsonReport
from mooring.verification import session
from mooring.verification import trial as trial_module
from tests.support.registry_server import serve_registry
from tests.support.verification_world import VARIABLES, World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(trial_module, "LOG_TRIES", 2)
    monkeypatch.setattr(trial_module, "LOG_PAUSE", 0)
    with serve_registry() as registry:
        yield World(registry)


HOSTS = ("server", "client1", "client2")


def make_fleet(world: World, **changes: Any) -> Any:
    members = {"server": [world.member("server")], "clients": [world.member("client1"), world.member("client2")]}
    fleet = SimpleNamespace(
        members=members,
        chosen={"server", "client1", "client2"},
        unreachable={},
        server_variables={"server": VARIABLES},
        site=SimpleNamespace(options=SimpleNamespace(forks=5), project=Project()),
    )
    fleet.to_check = lambda kind: [member for member in fleet.members[kind] if member.name in fleet.chosen]
    fleet.names_to_check = lambda: [name for name in HOSTS if name in fleet.chosen]
    for name, value in changes.items():
        setattr(fleet, name, value)
    return fleet


def run(fleet: Any, junit: str = "") -> tuple[int, dict[str, Any]]:
    """The exit status, and the summary as JSON has it."""
    stream = io.StringIO()
    report = JsonReport(stream)
    summary = Summary(hosts=HOSTS)
    status = session.check(fleet, junit, summary, report)
    report.show_summary(summary)
    report.close()
    return status, json.loads(stream.getvalue())
