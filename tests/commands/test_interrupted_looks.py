"""Ctrl-C in the tasks that look at hosts: it is answered at once, whatever they
are just waiting for."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INVOKE = str(Path(sys.executable).with_name("invoke"))
TASKS = {
    "verify": ["verify"],
    "status": ["status"],
    "images": ["images"],
    "doctor": ["doctor"],
    "explain": ["explain", "c1", "busybox"],
}
# Everything that is waited for takes a minute; this is far
# from that, and from a busy machine's second too.
SOON = 8.0
# A look-up of a name in C, which no signal interrupts: told
# by a file, as long as the process lives.
STUCK = """\
import pathlib, socket, time
def getaddrinfo(*_, **__):
    pathlib.Path(PLACE).touch()
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            pass
socket.getaddrinfo = getaddrinfo
"""


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Ctrl-C as in a terminal: a shell has its background jobs ignore it, and
    Mooring keeps to that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def write_inventory(folder: Path, **variables: object) -> list[str]:
    """Two servers and thirty clients that are all reached alike; the options that name them."""
    every = {"ansible_user": "nobody", "ansible_ssh_common_args": "-F none", **variables}
    clients = {f"c{number}": {} for number in range(30)}
    groups = {"server": {"hosts": {"s1": {}}}, "clients": {"hosts": clients, "vars": {"registry_names": ["r.example"]}}}
    path = folder / "inventory.yml"
    path.write_text(json.dumps({"all": {"vars": every, "children": groups}}))
    return ["-i", str(path)]


@contextmanager
def running(argv: list[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [INVOKE, *argv],
        cwd=ROOT,
        env={**os.environ, **environment},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def interrupt(process: subprocess.Popen[str]) -> None:
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=55)
    seconds = time.monotonic() - began
    assert "Traceback" not in out
    assert process.returncode == 130, out
    assert 0 <= out.find("stopping ...") < out.rfind("interrupted"), out
    assert seconds < SOON


@pytest.mark.parametrize("name", TASKS)
def test_hosts_that_are_silent(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        options = write_inventory(tmp_path, ansible_host="127.0.0.1", ansible_port=server.getsockname()[1])
        with running([*TASKS[name], *options, "-T", "60"]) as process:
            server.settimeout(50)
            connection, _ = server.accept()
            interrupt(process)
            connection.close()


@pytest.mark.parametrize(
    "name", [name if name in ("verify", "explain") else pytest.param(name, marks=pytest.mark.long) for name in TASKS]
)
def test_a_name_that_is_being_looked_up(tmp_path: Path, name: str) -> None:
    mark = tmp_path / "mark"
    os.mkfifo(mark)
    (tmp_path / "sitecustomize.py").write_text(STUCK.replace("PLACE", repr(str(mark))).replace("touch()", "open('w')"))
    options = write_inventory(tmp_path, ansible_host="registry.example.com")
    with running([*TASKS[name], *options], PYTHONPATH=str(tmp_path)) as process:
        mark.open().close()  # comes back when somebody looks a name up
        interrupt(process)


@pytest.mark.parametrize("name", ["verify", "doctor"])
def test_an_agent_that_does_not_start(tmp_path: Path, name: str) -> None:
    mark, python = tmp_path / "mark", tmp_path / "python"
    os.mkfifo(mark)
    # Opened for both, so that no later start of it waits for a reader for ever.
    python.write_text(f"#!/bin/sh\nexec 3<>{mark}\necho started >&3\nexec sleep 55\n")
    python.chmod(0o755)
    options = write_inventory(
        tmp_path, ansible_connection="local", ansible_become=False, ansible_python_interpreter=str(python)
    )
    with running([*TASKS[name], *options]) as process:
        with mark.open() as stream:
            stream.readline()
        interrupt(process)


@pytest.mark.parametrize("name", ["explain"])
def test_a_password_that_is_asked_for(tmp_path: Path, name: str) -> None:
    options = write_inventory(tmp_path)
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execv(INVOKE, [INVOKE, *TASKS[name], *options, "--ask-become-pass"])
    output = b""
    while b"sudo password: " not in output:
        output += os.read(terminal, 1024)
    began = time.monotonic()
    os.write(terminal, b"\x03")
    with suppress(OSError):
        while data := os.read(terminal, 1024):
            output += data
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    shows = termios.tcgetattr(terminal)[3] & termios.ECHO
    os.close(terminal)
    assert time.monotonic() - began < SOON
    assert (status, bool(shows)) == (130, True)
    assert b"\nstopping ..." in output.replace(b"\r", b"")
    assert b"Traceback" not in output
