"""docker_settings in real agents, on every interpreter: it goes through, or it is undone by the
agent itself."""

from __future__ import annotations

import json
import os
import stat
from typing import Any

import pytest
from engine_host import EngineHost
from settings_plans import NEW, OLD, PRESENT, SAME, change, reload_plan, remote, restart_plan

from mooring.transport.agent_client import Remote

__all__ = ["remote"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a transaction gives files their owners: root only")


def test_a_reload(remote: Remote, engine_host: EngineHost) -> None:
    engine_host.config.chmod(0o640)
    reply = change(remote, engine_host, reload_plan(engine_host))
    assert (reply.get("failed"), reply["changed"]) == (None, True), reply
    assert "the new configuration is in force; docker was reloaded; 1 container kept running" in reply["msg"]
    assert reply["containers"]["kept"] == ["kept"]
    assert json.loads(engine_host.config.read_text()) == NEW
    assert stat.S_IMODE(engine_host.config.stat().st_mode) == 0o640
    assert engine_host.left() == []
    engine_host.guards_end()


def test_a_restart_that_touches_no_container(remote: Remote, engine_host: EngineHost) -> None:
    reply = change(remote, engine_host, restart_plan(engine_host, NEW))
    assert (reply.get("failed"), reply["changed"]) == (None, True), reply
    assert json.loads(engine_host.config.read_text()) == NEW
    assert engine_host.started() == 1
    assert engine_host.left() == []


def test_a_reload_that_the_daemon_refuses(remote: Remote, engine_host: EngineHost) -> None:
    before = engine_host.config.stat()
    reply = change(remote, engine_host, reload_plan(engine_host, '{"unknown": 1}'))
    assert reply["failed"], reply
    assert "don't match any configuration option: unknown" in reply["msg"]
    assert "the old configuration is in force again; 1 container kept running" in reply["msg"]
    after = engine_host.config.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert engine_host.left() == []


@pytest.mark.parametrize(
    ("broken", "reason"),
    [({"unknown": 1}, "any configuration option: unknown"), ({"hang": True}, "is still activating")],
)
def test_a_daemon_that_does_not_start(
    remote: Remote, engine_host: EngineHost, broken: dict[str, Any], reason: str
) -> None:
    reply = change(remote, engine_host, restart_plan(engine_host, {**NEW, **broken}, seconds=5))
    assert reply["failed"], reply
    assert reason in reply["msg"]
    # The old process says that at its end, just before the new one begins.
    assert "cannot end well" not in reply["msg"]
    assert "the old configuration is in force again; 1 container kept running" in reply["msg"]
    assert json.loads(engine_host.config.read_text()) == OLD
    assert engine_host.started() == 1
    assert engine_host.left() == []


def test_a_restart_after_which_a_setting_does_not_hold(remote: Remote, engine_host: EngineHost) -> None:
    """The daemon comes up without it: what the old process said at its end is no
    reason for that either."""
    plan = restart_plan(engine_host, {**NEW, "registry-mirrors": []}, seconds=5)
    reply = change(remote, engine_host, plan)
    assert reply["failed"], reply
    assert "is not in effect after a restart" in reply["msg"]
    assert "cannot end well" not in reply["msg"]
    assert "the old configuration is in force again" in reply["msg"]


def test_a_restart_that_would_end_containers(remote: Remote, engine_host: EngineHost) -> None:
    plan = engine_host.args([engine_host.step(NEW, "restart", present=PRESENT, **SAME)])
    reply = change(remote, engine_host, plan)
    assert "containers were restarted that should have kept running: kept" in reply["msg"]
    assert json.loads(engine_host.config.read_text()) == OLD


def test_a_file_that_changed_meanwhile(remote: Remote, engine_host: EngineHost) -> None:
    plan = reload_plan(engine_host)
    engine_host.config.write_text("{}")
    reply = change(remote, engine_host, plan)
    assert f"{engine_host.config} changed meanwhile: run again; nothing was changed" in reply["msg"]
    assert engine_host.config.read_text() == "{}"
    assert engine_host.left() == []


def test_an_engine_without_a_daemon(remote: Remote, engine_host: EngineHost) -> None:
    """podman reads its files at every command: nothing is reloaded, and nothing is asked."""
    calls = engine_host.folder / "calls"
    calls.unlink()
    path = engine_host.folder / "registries.conf.d" / "mooring.conf"
    step = {"files": [{"path": str(path), "text": "[[registry]]\n"}], "then": "nothing"}
    reply = change(remote, engine_host, engine_host.args([step], engine="podman", fault="fail:confirmed"))
    assert "the old configuration is in force again" in reply["msg"]
    assert not path.parent.exists()
    reply = change(remote, engine_host, engine_host.args([step], engine="podman"))
    assert (reply["changed"], reply["msg"]) == (True, "the new configuration is in force")
    assert path.read_text() == "[[registry]]\n"
    assert all("mooring-guard-" in line for line in calls.read_text().splitlines())
    assert engine_host.left() == []


def test_no_guard_no_change(remote: Remote, engine_host: EngineHost) -> None:
    (engine_host.folder / "no-guard").touch()
    reply = change(remote, engine_host, reload_plan(engine_host))
    assert "cannot start the process that would undo" in reply["msg"]
    assert "no way; nothing was changed" in reply["msg"]
    assert json.loads(engine_host.config.read_text()) == OLD
    assert engine_host.left() == []


def test_the_daemon_judges_what_it_will_get(remote: Remote, engine_host: EngineHost) -> None:
    judge = engine_host.folder / "judge"
    judge.write_text('#!/bin/sh\necho "$*" >&2; cat "$3" >&2; exit 1\n')
    judge.chmod(0o755)
    command = [str(judge), "--config-file", "/x", "--debug"]
    plan = reload_plan(engine_host, validate=command, config_path=str(engine_host.config))
    reply = change(remote, engine_host, plan)
    assert f"it says: --validate --config-file {engine_host.config} --debug" in reply["msg"]
    assert json.dumps(NEW) in reply["msg"]
    assert reply["msg"].endswith("; nothing was changed")
    assert engine_host.left() == []


def test_a_registrys_directory_goes_with_its_last_file_wherever_it_is(remote: Remote, engine_host: EngineHost) -> None:
    root = engine_host.folder / "own"
    for name in ("a/hosts.toml", "b/ca.crt", "c/ca.crt", "c/theirs.crt", "d"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name == "d" else path.write_text("x")
    gone = [{"path": str(root / name), "text": None} for name in ("a/hosts.toml", "b/ca.crt", "c/ca.crt")]
    reply = change(remote, engine_host, engine_host.args([{"files": gone, "then": "nothing"}]))
    assert reply["changed"], reply
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == ["c", "c/theirs.crt", "d"]


def test_new_files_new_directories_and_links(remote: Remote, engine_host: EngineHost) -> None:
    folder = engine_host.folder
    (folder / "real.json").write_text(engine_host.config.read_text())
    engine_host.config.unlink()
    engine_host.config.symlink_to("real.json")
    authority = folder / "certs.d" / "r.example.com" / "ca.crt"
    step = engine_host.step(NEW, "reload", present=PRESENT)
    step["files"].append({"path": str(authority), "text": "CA", "mode": "0600"})
    reply = change(remote, engine_host, engine_host.args([step], fault="fail:confirmed"))
    assert "a drill makes confirmed fail; the old configuration is in force again" in reply["msg"]
    assert not (folder / "certs.d").exists()
    assert engine_host.config.is_symlink()
    assert json.loads((folder / "real.json").read_text()) == OLD

    reply = change(remote, engine_host, engine_host.args([step]))
    assert reply["changed"], reply
    assert engine_host.config.is_symlink()
    assert json.loads((folder / "real.json").read_text()) == NEW
    assert (authority.read_text(), stat.S_IMODE(authority.stat().st_mode)) == ("CA", 0o600)

    gone = {"files": [{"path": str(authority), "text": None}], "then": "nothing"}
    reply = change(remote, engine_host, engine_host.args([gone]))
    assert reply["changed"], reply
    assert not authority.parent.exists()
    assert engine_host.left() == []
