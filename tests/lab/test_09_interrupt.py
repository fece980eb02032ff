"""Chapter 9: Ctrl-C ends a run cleanly: a recap, and nothing goes on on the hosts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
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


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run of `invoke` in a process group of its own, as a terminal gives to each command."""
    (tmp_path / "long.yml").write_text(PLAYBOOK)
    argv = ["./invoke", "play", str(tmp_path / "long.yml"), "--json"]
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


def test_ctrl_c(running: subprocess.Popen[str], clients: list[LookedAt]) -> None:
    for client in clients:
        until(lambda client=client: f"sleep {SECONDS}" in client.processes(), f"{client.name} is at work")
        assert len(traces(client)) > 1
    os.killpg(running.pid, signal.SIGINT)
    out, _ = running.communicate(timeout=30)
    events = [json.loads(line) for line in out.splitlines()]
    assert running.returncode == 130
    assert [event["event"] for event in events[-2:]] == ["interrupted", "recap"]
    assert events[-1]["exit_status"] == 130
    assert {name: row["ok"] for name, row in events[-1]["hosts"].items()} == {client.name: 1 for client in clients}
    assert "Never come here" not in out
    for client in clients:
        until(lambda client=client: traces(client) == [], f"the agent on {client.name} is gone, and its command")
