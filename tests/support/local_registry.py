"""The real registry program (Debian's docker-registry 2.8.2) on loopback, and crane, the
oracle for copies.

Both are fetched once by this machine's apt and kept (`lab/programs.py`). Where they cannot be had,
tests that need them are skipped; in continuous integration (`CI` is set) that is an error.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lab.commands import LabError
from lab.programs import ensure_program

SECONDS = 20


@dataclass(frozen=True)
class LocalRegistry:
    """A registry that runs: where it answers (http://127.0.0.1:PORT), its files, what it has
    written so far."""

    url: str
    storage: Path
    log: Path

    @property
    def authority(self) -> str:
        return self.url.partition("//")[2]


@contextmanager
def run_registry(work: Path, settings: Mapping[str, Any] | None = None) -> Iterator[LocalRegistry]:
    """A registry with its files below WORK; SETTINGS are added to its configuration,
    section by section."""
    program = program_or_skip("docker-registry")
    work.mkdir(parents=True, exist_ok=True)
    port, storage = free_port(), work / "storage"
    config: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    for section, values in (settings or {}).items():
        config[section] = {**config.get(section, {}), **values}
    # What is JSON is YAML too.
    (work / "config.yml").write_text(json.dumps(config))
    registry = LocalRegistry(f"http://127.0.0.1:{port}", storage, work / "registry.log")
    with run_program([str(program), "serve", str(work / "config.yml")], registry.log) as process:
        wait_for_port(port, process, registry.log)
        yield registry


@contextmanager
def run_program(argv: list[str], log: Path, where: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """ARGV in the background, in the folder WHERE; what it writes is appended to LOG. It is
    killed afterwards."""
    # With it 2.8 panics at its start where the storage is S3.
    environment = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=where
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def crane(*words: str, env: Mapping[str, str] | None = None) -> str:
    """What `crane WORDS` prints, without the end of its last line; its complaint is the error."""
    environment = {**os.environ, **(env or {})}
    argv = [str(program_or_skip("crane")), *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, f"crane {' '.join(words)}: {done.stderr[-1000:]}"
    return done.stdout.rstrip("\n")


def program_or_skip(name: str) -> Path:
    """One of lab/programs.py; the test is skipped where it cannot be had."""
    program, reason = _look_for(name)
    if program is None:
        if os.environ.get("CI"):
            raise AssertionError(f"continuous integration must have {name}: {reason}")
        pytest.skip(reason)
    return program


@cache
def _look_for(name: str) -> tuple[Path | None, str]:
    try:
        return ensure_program(name), ""
    except LabError as error:
        return None, str(error)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until something listens on 127.0.0.1:PORT; AssertionError with the LOG's end where the
    PROCESS ends before."""
    until = time.monotonic() + SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, f"{process.args!r} has ended:\n{log.read_text()[-2000:]}"
        assert time.monotonic() < until, f"{process.args!r} does not listen on {port}:\n{log.read_text()[-2000:]}"
        time.sleep(0.02)
