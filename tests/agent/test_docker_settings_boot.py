"""docker_settings on a host whose power goes: what the unit on the disk does at the next boot,
before any daemon."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_host import EngineHost
from guarded_settings import AFTER, hanging, settings
from processes import ends_within
from settings_plans import NEW, OLD, change, reload_plan

from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection

OUTERMOST = True
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a transaction gives files their owners: root only")
UNIT = "units/mooring-undo.service"
LINK = "units/multi-user.target.wants/mooring-undo.service"
POINTS = ("armed", "saved", "step1.file1.after", "step1.seen", "undo.restored", "committed")


@pytest.fixture
def remote(interpreter: str) -> Iterator[Remote]:
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as remote:
        yield remote


def cut_power(remote: Remote, host: EngineHost) -> None:
    """No process is left, and nothing below /run."""
    for pid in (*host.guards(), remote.hello["pid"], host.daemon()):
        os.kill(pid, signal.SIGKILL)
        assert ends_within(pid, 20)
    for path in host.folder.glob("guards/*"):
        path.unlink()
    shutil.rmtree(host.folder / "run")
    (host.folder / "run").mkdir()
    (host.folder / "calls").unlink()


def boot(host: EngineHost) -> subprocess.CompletedProcess[str]:
    """What systemd does with the unit."""
    entries = dict(line.split("=", 1) for line in (host.folder / LINK).read_text().splitlines() if "=" in line)
    assert Path(entries["ConditionPathExists"]).exists()
    environment = dict(pair.split("=", 1) for pair in shlex.split(entries["Environment"]))
    environment["PATH"] = f"{host.folder}/bin:{environment['PATH']}"
    argv = shlex.split(entries["ExecStart"])
    return subprocess.run(argv, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("point", POINTS)
def test_the_host_boots(remote: Remote, engine_host: EngineHost, point: str) -> None:
    with hanging(remote, engine_host, point):
        cut_power(remote, engine_host)
    booted = boot(engine_host)
    assert booted.returncode == 0, booted.stderr
    expected = NEW if point in AFTER else OLD
    force = f"the {'new' if point in AFTER else 'old'} configuration is in force"
    assert (force in booted.stderr) == (point != "armed"), booted.stderr
    assert json.loads(engine_host.config.read_text()) == expected
    assert engine_host.left() == []
    assert not (engine_host.folder / "calls").exists(), "systemd was asked for something"
    engine_host.start(expected)
    assert settings(engine_host) == sorted(expected["insecure-registries"])


def test_a_run_that_is_under_way_is_left_alone(remote: Remote, engine_host: EngineHost) -> None:
    with hanging(remote, engine_host, "step1.seen"):
        started = boot(engine_host)
        assert (started.returncode, started.stderr) == (0, "nothing to undo: a change is in progress\n")
        assert json.loads(engine_host.config.read_text()) == NEW
        os.kill(remote.hello["pid"], signal.SIGKILL)
    engine_host.guards_end()
    assert json.loads(engine_host.config.read_text()) == OLD
    assert engine_host.left() == []


def test_what_cannot_be_undone_stays(interpreter: str, remote: Remote, engine_host: EngineHost) -> None:
    with hanging(remote, engine_host, "step1.file1.after"):
        cut_power(remote, engine_host)
    journal = json.loads((engine_host.folder / "state" / "transaction.nothing").read_text())
    Path(journal["files"][0]["backup"]).unlink()
    left = engine_host.left()
    for _ in range(2):
        booted = boot(engine_host)
        assert booted.returncode == 1
        assert "the configuration is NOT whole" in booted.stderr
        assert "its backup is gone; some files could not be put back" in booted.stderr
        assert engine_host.left() == left
    engine_host.start(NEW)
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as second:
        reply = change(second, engine_host, reload_plan(engine_host, OLD))
    assert "was interrupted and cannot be undone: the configuration is NOT whole" in reply["msg"]
    assert "; nothing else was changed: put the files right and remove " in reply["msg"]
    assert engine_host.left() == left


def test_an_edit_that_came_before_anything_was_saved(remote: Remote, engine_host: EngineHost) -> None:
    """It is nobody's but its author's: neither undone nor in the way."""
    with hanging(remote, engine_host, "journaled"):
        engine_host.config.write_text(json.dumps({**OLD, "debug": True}))
        cut_power(remote, engine_host)
    booted = boot(engine_host)
    assert booted.returncode == 0, booted.stderr
    assert json.loads(engine_host.config.read_text()) == {**OLD, "debug": True}
    assert engine_host.left() == []


def test_no_unit_no_change(remote: Remote, engine_host: EngineHost) -> None:
    plan = reload_plan(engine_host, units_dir=str(engine_host.folder / "nowhere"))
    reply = change(remote, engine_host, plan)
    assert "cannot write what would undo at the next boot, in " in reply["msg"]
    assert reply["msg"].endswith("No such file or directory; nothing was changed")
    assert json.loads(engine_host.config.read_text()) == OLD
    assert engine_host.left() == []
