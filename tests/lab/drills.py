"""A change of a client's engine that is broken off on purpose, and what the host must
look like afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from drilled_engines import DOCKER, DrilledEngine
from invocations import CHECKOUT, Run, provision, succeed
from lab_hosts import LookedAt, until

from mooring.agent.transaction import faults

NAME = "drill.example.com"
NAMES = ["registry.example.com", "docker.registry.example.com", "mirror.registry.example.com", NAME]
MIRRORS = ["http://mirror.registry.example.com", f"http://{NAME}"]
INSECURE = {"registry_client_insecure_registries": NAMES}
INSECURE_AND_MIRRORS = {**INSECURE, "registry_client_mirrors": MIRRORS}
# From these points on the new settings hold.
SETTLED = ("committed", "tidied")
# The engine's file and Mooring's record.
RELOAD: dict[str, Any] = {"files": [{}, {}], "then": "reload"}
RELOAD_POINTS = faults.points([RELOAD], {"reload": [RELOAD]})

# Anything of a change, of its guard, or of an agent.
REMAINS = """\
ls -d /var/lib/mooring/* /run/mooring /run/mooring.lock 2>/dev/null
find /etc/systemd -name 'mooring-undo*'
find /etc -name '.*mooring-*'
systemctl list-units --all --plain --no-legend 'mooring-guard*'
ps -e -ww -o args= | grep -e ' -B -c exec' -e mooring-guard- | grep -v -e 'sh -c' -e 'grep -e'
true"""

Digests = dict[str, str]


@dataclass
class Drill:
    """A client with a running container, and a change of its settings; `old` and `new` are the
    files' digests."""

    client: LookedAt
    change: Mapping[str, Any]
    inventory: Sequence[str] = ()
    engine: DrilledEngine = DOCKER
    container: str = ""
    old: Digests = field(default_factory=dict)
    new: Digests = field(default_factory=dict)

    def prepare(self) -> None:
        """The container, and what the files are without the change and with it."""
        bundle = CHECKOUT / "files" / "images" / "busybox.tar"
        with bundle.open("rb") as stream:
            self.client.run(f"({self.engine.remove}) >/dev/null 2>&1; true")
            self.client.engine.run("exec", "-i", self.client.host.container, *self.engine.load, stdin=stream)
        self.client.run(self.engine.start)
        succeed(self.provision())
        self.old, self.container = self.digests(), self.client.run(self.engine.inspect)
        succeed(self.attempt())
        self.new = self.digests()
        assert self.new != self.old
        self.assert_whole(self.new)
        self.put_back()

    def finish(self) -> None:
        """The host without container and change."""
        self.client.run(f"({self.engine.remove}) >/dev/null 2>&1; true")
        succeed(self.provision())

    def put_back(self) -> None:
        """The old settings again, by an ordinary run."""
        if self.digests() != self.old:
            succeed(self.provision())
            self.assert_whole(self.old)

    def provision(self, *words: str) -> Run:
        return provision("clients", *self.words(), *words)

    def words(self) -> list[str]:
        """What a run is limited to."""
        return [*self.inventory, "--limit", self.client.name, "--tags", "registry_client"]

    def attempt(self, fault: str = "", **others: Any) -> Run:
        """A run that changes the settings, with a drill."""
        return self.provision("-e", self.variables(fault, **others))

    def variables(self, fault: str, **others: Any) -> str:
        return json.dumps({**self.change, "registry_client_fault": fault, **others})

    def digests(self) -> Digests:
        lines = self.client.lines(f"sha1sum {' '.join(self.engine.files)} 2>/dev/null || true")
        return {path: digest for digest, path in (line.split() for line in lines)}

    def assert_whole(self, expected: Digests, beside: Sequence[str] = ()) -> None:
        """A working daemon, the container untouched, files as EXPECTED and in effect,
        nothing left but BESIDE."""
        until(lambda: self.client.lines(REMAINS) == list(beside), f"nothing is left on {self.client.name}")
        assert self.digests() == expected
        settings = self.client.run(self.engine.settings)
        assert (NAME in settings) == (expected == self.new)
        assert self.client.run(self.engine.inspect) == self.container

    def message(self, run: Run) -> str:
        """What the run says of the failed task."""
        messages = [event["message"] for event in run.events if event.get("outcome") in ("failed", "unreachable")]
        assert messages, run.transcript
        return str(messages[-1])

    def fail(self, *texts: str, **others: Any) -> str:
        """The message of a run that changes the settings and fails; it holds TEXTS."""
        run = self.attempt(**others)
        assert run.status == 2, run.transcript
        message = self.message(run)
        assert [text for text in texts if text not in message] == [], message
        return message

    @contextlib.contextmanager
    def hanging(self, point: str, failing: str = "step1.seen", **others: Any) -> Iterator[Hanging]:
        """A run that hangs at POINT while the block goes on, which has to end it;
        FAILING as for `at`."""
        words = [*self.words(), "-e", self.variables(at("hang", point, failing), **others)]
        process = subprocess.Popen(
            ["./invoke", "provision-clients", "--json", *words],
            cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        run = Hanging(process)
        try:
            run.await_line(f"hanging at {point}")
            yield run
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            run.reader.join(10)


@contextlib.contextmanager
def drilling(drill: Drill) -> Iterator[Drill]:
    """DRILL, prepared while the block runs."""
    drill.prepare()
    yield drill
    drill.finish()


def restart_points(touched: int) -> list[str]:
    """The points of Red Hat's engine, which takes a change over by a restart that
    writes TOUCHED files.

    live-restore is lent for it by one reload and taken back by another.
    """
    steps = [_step(1, "reload"), _step(touched, "restart"), _step(1, "reload"), _step(1, "nothing")]
    undo = [_step(1, then) for then in ("reload", "restart", "reload")]
    return list(faults.points(steps, {"reload": undo[:1], "restart": undo}))


def _step(touched: int, then: str) -> dict[str, Any]:
    return {"files": [{}] * touched, "then": then}


def mark_long(points: Sequence[str], few: Sequence[str]) -> list[Any]:
    """POINTS as parameters; those not among FEW are tried with --long only."""
    assert set(few) <= set(points)
    return [point if point in few else pytest.param(point, marks=pytest.mark.long) for point in points]


def at(way: str, point: str, failing: str = "step1.seen") -> str:
    """The fault that breaks off at POINT; the way back is gone only where a step fails, at
    FAILING."""
    return f"fail:{failing} {way}:{point}" if point.startswith("undo.") else f"{way}:{point}"


class Hanging:
    """A run of `invoke` that is under way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def await_line(self, text: str) -> None:
        until(lambda: any(text in line for line in self.lines) or self.process.poll() is not None, text)
        assert any(text in line for line in self.lines), "".join(self.lines)

    def kill(self) -> None:
        """kill -9, as if the control machine had gone."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> Run:
        """Wait for its own end."""
        status = self.process.wait(120)
        self.reader.join(10)
        return Run(("provision-clients",), status, "".join(self.lines), "", 0.0)
