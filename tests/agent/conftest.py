"""An agent over plain pipes, on every interpreter that is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_modules import SOURCES
from engine_host import EngineHost
from interpreters import find_interpreters
from settings_plans import OLD

from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that takes `interpreter` runs on each of them; a module that is OUTERMOST on
    oldest and newest."""
    if "interpreter" in metafunc.fixturenames:
        interpreters = find_interpreters()
        if getattr(metafunc.module, "OUTERMOST", False):
            versions = list(interpreters)
            interpreters = {version: interpreters[version] for version in (*versions[:1], *versions[-1:])}
        params = [pytest.param(path, id=version) for version, path in interpreters.items()]
        if "2.7" not in interpreters:
            missing = pytest.mark.skip(reason="no Python 2.7 on this machine")
            params.append(pytest.param(None, id="2.7", marks=missing))
        metafunc.parametrize("interpreter", params, scope="module")


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return Bundle(SOURCES)


@pytest.fixture(scope="module")
def remote(interpreter: str, bundle: Bundle) -> Iterator[Remote]:
    with Remote.start(LocalConnection(), bundle, interpreter=interpreter) as remote:
        yield remote


@pytest.fixture
def engine_host(tmp_path: Path) -> Iterator[EngineHost]:
    """A host with an engine that has the old settings."""
    host = EngineHost(tmp_path)
    host.start(OLD)
    yield host
    host.stop()


@pytest.fixture(autouse=True)
def unspoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pythons before 3.8 know no other folder for bytecode than the checkout's."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
