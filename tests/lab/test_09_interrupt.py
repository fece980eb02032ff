"""Chapter 9: Ctrl-C ends a run cleanly: a recap, a whole terminal, and nothing
goes on on the hosts."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from invocations import CHECKOUT
from lab_hosts import LookedAt, until

SECONDS = "86399"
PLAYBOOK = f"""\
- hosts: clients
  gather_facts: false
  become: true
  tasks:
    - name: Look
      ansible.builtin.ping:
    - name: Take very long
      ansible.builtin.command: sleep {SECONDS}
    - name: Never come here
      ansible.builtin.ping:
"""


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Ctrl-C as in a terminal: a shell has its background jobs ignore it, and
    Mooring keeps to that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def playbook(tmp_path: Path) -> str:
    path = tmp_path / "long.yml"
    path.write_text(PLAYBOOK)
    return str(path)


@pytest.fixture
def running(playbook: str) -> Iterator[subprocess.Popen[str]]:
    """A run of `invoke` in a process group of its own, as a terminal gives to each command."""
    argv = ["./invoke", "play", playbook, "--json"]
    process = subprocess.Popen(
        argv, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def traces(client: LookedAt) -> list[str]:
    """The command and the agent that started it."""
    lines = client.processes()
    return [line for line in lines if line == f"sleep {SECONDS}" or ("python" in line and " -B -c " in line)]


def wait_until_at_work(clients: list[LookedAt]) -> None:
    for client in clients:
        until(lambda client=client: f"sleep {SECONDS}" in client.processes(), f"{client.name} is at work")
        assert len(traces(client)) > 1


def nothing_goes_on(clients: list[LookedAt]) -> None:
    for client in clients:
        until(lambda client=client: traces(client) == [], f"the agent on {client.name} is gone, and its command")


def test_the_recap_says_what_was_done(running: subprocess.Popen[str], clients: list[LookedAt]) -> None:
    wait_until_at_work(clients)
    os.killpg(running.pid, signal.SIGINT)
    out, _ = running.communicate(timeout=30)
    events = [json.loads(line) for line in out.splitlines()]
    assert running.returncode == 130
    assert [event["event"] for event in events[-2:]] == ["interrupted", "recap"]
    assert events[-1]["exit_status"] == 130
    assert {name: row["ok"] for name, row in events[-1]["hosts"].items()} == {client.name: 1 for client in clients}
    assert "Never come here" not in out
    nothing_goes_on(clients)


def read_to_end(terminal: int, into: bytearray) -> None:
    """What a terminal shows, until nobody writes to it any more."""
    try:
        while data := os.read(terminal, 4096):
            into += data
    except OSError:
        pass


@pytest.fixture
def terminal(playbook: str) -> Iterator[tuple[int, int]]:
    """A run of `invoke` on a terminal of its own: its process and the terminal."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(CHECKOUT)
        os.execve("./invoke", ["./invoke", "play", playbook], {**os.environ, "TERM": "xterm", "COLUMNS": "100"})
    yield process, terminal
    os.close(terminal)


def test_the_terminal_is_whole(terminal: tuple[int, int], clients: list[LookedAt]) -> None:
    process, keyboard = terminal
    shown = bytearray()
    reader = threading.Thread(target=read_to_end, args=(keyboard, shown), daemon=True)
    before = termios.tcgetattr(keyboard)
    reader.start()
    wait_until_at_work(clients)
    os.write(keyboard, b"\x03")
    until(lambda: os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None, "invoke has ended")
    assert termios.tcgetattr(keyboard) == before
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 130
    reader.join(10)
    assert b"PLAY RECAP" in shown
    assert b"Traceback" not in shown
    assert b"\x1b[?25l" in shown, "the live line hides the cursor"
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")
    nothing_goes_on(clients)
