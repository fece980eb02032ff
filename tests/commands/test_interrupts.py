"""Ctrl-C at inconvenient moments: the run ends soon, with the recap as its last words,
and nothing goes on."""

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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mooring.run.interrupts import Interrupts

ROOT = Path(__file__).parents[2]
INVOKE = str(Path(sys.executable).with_name("invoke"))
INVENTORY = """\
all:
  hosts:
    here: {{ansible_connection: local, ansible_python_interpreter: "{python}"}}
    silent: {{ansible_host: 127.0.0.1, ansible_port: {port}, ansible_user: nobody}}
"""
PLAYBOOK = """\
- hosts: "{{ those }}"
  gather_facts: false
  tasks:
    - {name: begin, debug: }
    - {name: program, command: "sh -c 'echo $$ > PLACE/pid; sleep 300'", when: inventory_hostname == 'here'}
    - {name: look, ping: }
"""


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Ctrl-C as in a terminal: a shell has its background jobs ignore it, and
    Mooring keeps to that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Run:
    """A run of `invoke play --json` whose lines are read as they come."""

    def __init__(self, folder: Path, port: int, those: str) -> None:
        (folder / "inventory.yml").write_text(INVENTORY.format(python=sys.executable, port=port))
        (folder / "play.yml").write_text(PLAYBOOK.replace("PLACE", str(folder)))
        # Not in the checkout: a run that is broken off notes there who is left.
        argv = [
            INVOKE,
            "--search-root",
            str(ROOT),
            "play",
            "play.yml",
            "-i",
            "inventory.yml",
            "-e",
            f"those={those}",
            "--json",
            "-T",
            "60",
        ]
        self.process = subprocess.Popen(
            argv,
            cwd=folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.lines: list[dict[str, Any]] = []

    def read_until(self, event: str, **values: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            recap = self.lines[-1]
            if recap["event"] == event and all(recap[name] == value for name, value in values.items()):
                return
        raise AssertionError(self.lines)

    def interrupt(self, times: int) -> float:
        """Press Ctrl-C; the seconds until the run has ended."""
        began = time.monotonic()
        for _ in range(times):
            self.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        assert self.process.stderr is not None
        assert self.process.stderr.readline() == "stopping ...\n", "it is answered before the end"
        self.read_until("recap")
        assert self.process.wait(20) == 130
        return time.monotonic() - began


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def running(folder: Path, port: int, those: str) -> Iterator[Run]:
    run = Run(folder, port, those)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()


def await_pid(path: Path) -> int:
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.05)
    raise AssertionError("the program did not start")


def test_a_program_on_this_machine_ends_with_the_run(tmp_path: Path, silent_port: int) -> None:
    with running(tmp_path, silent_port, "here") as run:
        run.read_until("task_started", task="program")
        pid = await_pid(tmp_path / "pid")
        assert run.interrupt(1) < 10
        assert run.lines[-2:][0] == {"event": "interrupted"}
        assert run.lines[-1]["hosts"]["here"]["ok"] == 1
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_host_that_is_being_connected_to_is_not_waited_for(tmp_path: Path, silent_port: int) -> None:
    with running(tmp_path, silent_port, "silent") as run:
        run.read_until("task_started", task="look")
        assert run.interrupt(1) < 15


def test_a_second_time_means_at_once(tmp_path: Path, silent_port: int) -> None:
    with running(tmp_path, silent_port, "all") as run:
        run.read_until("task_started", task="look")
        assert run.interrupt(2) < 4


def test_signals_are_counted_and_the_third_breaks_off() -> None:
    before, woken = signal.getsignal(signal.SIGINT), []
    with Interrupts(lambda: woken.append(1)) as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert (interrupts.count, len(woken)) == (2, 2)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


PROMPT = """
import getpass, signal, threading, time
from mooring.run.interrupts import Interrupts
with Interrupts(lambda: None):
    threading.Thread(target=getpass.getpass, daemon=True).start()
    time.sleep(0.5)
    signal.raise_signal(signal.SIGINT)
print("left")
"""


def test_the_terminal_shows_again_what_is_typed() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-c", PROMPT])
    output = b""
    while b"left" not in output:
        output += os.read(terminal, 1024)
    shows = termios.tcgetattr(terminal)[3] & termios.ECHO
    os.close(terminal)
    os.waitpid(pid, 0)
    assert b"Password:" in output
    assert shows
