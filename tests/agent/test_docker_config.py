"""docker_config in the real agent, on every interpreter: programs of canned answers, files
of the test's own."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_engine import fake_engine

from mooring.engines.docker.reply import unchanged
from mooring.playbook import arguments
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection


@pytest.fixture(scope="module")
def remote(interpreter: str) -> Iterator[Remote]:
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as remote:
        yield remote


def program(path: Path, script: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def ask(remote: Remote, folder: Path, pid: int, docker_host: str) -> dict[str, Any]:
    """Call the module where `systemctl` shows a unit that names files of the folder."""
    daemon = program(folder / "dockerd", "echo Docker version 20.10.24, build x")
    (folder / "env.conf").write_text("OPTIONS='--debug'\n")
    (folder / "own.json").write_text('{"debug": false}')
    (folder / "certs.d" / "r.example.com:5000").mkdir(parents=True)
    (folder / "certs.d" / "r.example.com:5000" / "ca.crt").write_text("")
    (folder / "unit").write_text(
        f"# /x/docker.service\n[Service]\nEnvironmentFile=-{folder}/env*.conf\nEnvironmentFile=-{folder}/none\n"
        f"ExecStart={daemon} --config-file {folder}/own.json $OPTIONS\n"
    )
    shown = f"echo MainPID={pid}; echo NeedDaemonReload=yes; echo ActiveState=active"
    program(folder / "bin" / "systemctl", f'[ "$1" = cat ] && cat {folder}/unit || {{ {shown}; }}')
    args = {"certificates": str(folder / "certs.d"), "docker_host": docker_host}
    normalized = arguments.normalize(arguments.find("docker_config", None), args, None)
    environment = {"PATH": f"{folder}/bin:{os.environ['PATH']}"}
    return remote.call("docker_config", normalized, environment=environment)


def test_an_engine_that_runs(remote: Remote, tmp_path: Path) -> None:
    answers = {
        "GET /info": (200, {"ServerVersion": "20.10.24"}),
        "GET /containers/json": (200, [[{"Id": "1a"}, {"Id": "2b"}, {"Id": "gone"}]]),
        "GET /containers/1a/json": (200, {"Name": "/web", "HostConfig": {"RestartPolicy": {"Name": "always"}}}),
        "GET /containers/2b/json": (200, {"Name": "/job", "HostConfig": {"RestartPolicy": {"Name": ""}}}),
        "GET /containers/gone/json": (404, {"message": "No such container: gone"}),
    }
    with fake_engine(tmp_path, answers) as engine:
        reply = ask(remote, tmp_path, os.getpid(), engine.address)
    assert not reply.get("failed"), reply
    assert reply["info"] == {"ServerVersion": "20.10.24"}
    assert reply["needs_reload"] is True
    assert reply["containers"] == [
        {"id": "1a", "name": "web", "restart": "always"},
        {"id": "2b", "name": "job", "restart": "no"},
    ]
    certificate = f"{tmp_path}/certs.d/r.example.com:5000/ca.crt"
    assert reply["files"][certificate] == ""
    assert reply["digests"][certificate] == hashlib.sha1(b"", usedforsecurity=False).hexdigest()
    assert reply["state"]["ActiveState"] == "active"
    assert reply["error"] == ""
    assert reply["certificates"] == {"r.example.com:5000": ["ca.crt"]}
    assert reply["files"][f"{tmp_path}/env.conf"] == "OPTIONS='--debug'\n"
    assert reply["files"][f"{tmp_path}/none"] is None
    assert reply["files"][f"{tmp_path}/own.json"] == '{"debug": false}'
    assert reply["argv"], "the command line of this very process, without its interpreter"
    assert Path(sys.executable).name not in Path(reply["argv"][0]).name


def test_a_daemon_whose_program_is_another_by_now(remote: Remote, tmp_path: Path) -> None:
    daemon = shutil.copy(shutil.which("sleep") or "", tmp_path / "sleep")
    with subprocess.Popen([daemon, "60"]) as process:
        try:
            reply = ask(remote, tmp_path, process.pid, f"unix://{tmp_path}/no.sock")
            assert reply["replaced"] is False
            Path(daemon).unlink()
            (tmp_path / "certs.d/r.example.com:5000/ca.crt").unlink()
            (tmp_path / "certs.d/r.example.com:5000").rmdir()
            (tmp_path / "certs.d").rmdir()
            assert ask(remote, tmp_path, process.pid, f"unix://{tmp_path}/no.sock")["replaced"] is True
        finally:
            process.kill()


def test_what_the_daemon_was_started_with(remote: Remote, tmp_path: Path) -> None:
    first = ask(remote, tmp_path, 0, f"unix://{tmp_path}/no.sock")
    assert (first["newer"], first["replaced"]) == ([], False)
    limit = time.monotonic() + 20
    while time.time() < (tmp_path / "unit").stat().st_ctime + 0.2:
        assert time.monotonic() < limit
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            shown = f"echo MainPID={process.pid}; echo NeedDaemonReload=yes; echo ActiveState=active"
            program(tmp_path / "bin" / "systemctl", f'[ "$1" = cat ] && cat {tmp_path}/unit || {{ {shown}; }}')
            args = {"certificates": str(tmp_path / "certs.d"), "docker_host": f"unix://{tmp_path}/no.sock"}
            normalized = arguments.normalize(arguments.find("docker_config", None), args, None)
            environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
            own = f"{tmp_path}/own.json"
            reply = remote.call("docker_config", normalized, environment=environment)
            assert unchanged(reply)[own] == '{"debug": false}'
            limit = time.monotonic() + 20
            while own not in reply["newer"]:  # a file of the first tenth of a second may have been read
                assert time.monotonic() < limit
                Path(own).write_text('{"debug": true}')
                reply = remote.call("docker_config", normalized, environment=environment)
            assert own not in unchanged(reply)
        finally:
            process.kill()


def test_an_engine_that_does_not(remote: Remote, tmp_path: Path) -> None:
    reply = ask(remote, tmp_path, 0, f"unix://{tmp_path}/no.sock")
    assert (reply["argv"], reply["info"]) == ([], {})
    assert reply["version"] == "Docker version 20.10.24, build x"
    assert "does not answer" in reply["error"]
