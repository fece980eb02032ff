"""Runs of the real `invoke`, and what their --json events say."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
COLUMNS = {"ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored"}

Change = tuple[str, str, str]
"""Host, task, and the place where the task stands: names alone may come twice."""


@dataclass(frozen=True)
class Run:
    """One run of `invoke` that has ended."""

    words: tuple[str, ...]
    status: int
    out: str
    err: str
    seconds: float

    @property
    def transcript(self) -> str:
        """All of it, for the message of a failed assertion."""
        return f"invoke {' '.join(self.words)}: status {self.status}\n{self.out}\n{self.err}"

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """With --json every line of standard output is an event, and the last is the recap."""
        events = [json.loads(line) for line in self.out.splitlines()]
        assert events[-1]["event"] == "recap", self.transcript
        assert events[-1]["exit_status"] == self.status, self.transcript
        return events

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        hosts: dict[str, dict[str, int]] = self.events[-1]["hosts"]
        assert all(set(row) == COLUMNS for row in hosts.values())
        return hosts

    def count(self, column: str) -> dict[str, int]:
        """A column of the recap, host by host."""
        return {host: row[column] for host, row in self.recap.items()}

    def finished(self, outcome: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == "task_finished" and event["outcome"] == outcome]

    @property
    def changes(self) -> set[Change]:
        return {
            (event["host"], event["task"], f"{event['path']}:{event['line']}") for event in self.finished("changed")
        }

    def reasons(self) -> dict[str, str]:
        """Why the unreachable hosts are."""
        return {event["host"]: event["message"] for event in self.finished("unreachable")}


def invoke(*words: str | Path) -> Run:
    """Run `./invoke WORDS` in the checkout, without a terminal."""
    argv = tuple(map(str, words))
    began = time.monotonic()
    done = subprocess.run(
        ["./invoke", *argv], cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return Run(argv, done.returncode, done.stdout, done.stderr, time.monotonic() - began)


def provision(target: str, *words: str | Path) -> Run:
    """`provision-server` or `provision-clients` with --json."""
    return invoke(f"provision-{target}", "--json", *words)


def succeed(run: Run) -> Run:
    """RUN itself, which must have gone well."""
    assert run.status == 0, run.transcript
    return run
