"""A change of a client's engine that is broken off on purpose, and what the host must look like afterwards."""

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

from drilled import DOCKER, Drilled
from invocations import CHECKOUT, Run, provision, succeed
from lab_hosts import LookedAt, until

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
    """A client with a running container, and a change of its settings; `old` and `new` are the files' digests."""

    client: LookedAt
    change: Mapping[str, Any]
    name: str
    inventory: Sequence[str] = ()
    engine: Drilled = DOCKER
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
        self.is_whole(self.new)
        self.put_back()

    def finish(self) -> None:
        """The host without container and change."""
        self.client.run(f"({self.engine.remove}) >/dev/null 2>&1; true")
        succeed(self.provision())

    def put_back(self) -> None:
        """The old settings again, by an ordinary run."""
        if self.digests() != self.old:
            succeed(self.provision())
            self.is_whole(self.old)

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

    def is_whole(self, expected: Digests, beside: Sequence[str] = ()) -> None:
        """A working daemon, the container untouched, files as EXPECTED and in effect, nothing left but BESIDE."""
        until(lambda: self.client.lines(REMAINS) == list(beside), f"nothing is left on {self.client.name}")
        assert self.digests() == expected
        told = self.client.run(self.engine.settings)
        assert (self.name in told) == (expected == self.new)
        assert self.client.run(self.engine.inspect) == self.container

    def message(self, run: Run) -> str:
        """What the run says of the failed task."""
        found = [one["message"] for one in run.events if one.get("outcome") in ("failed", "unreachable")]
        assert found, run.said
        return str(found[-1])

    @contextlib.contextmanager
    def hanging(self, point: str, failing: str = "step1.seen", **others: Any) -> Iterator[Hanging]:
        """A run that hangs at POINT while the block goes on, which has to end it; FAILING as for `at`."""
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


def at(way: str, point: str, failing: str = "step1.seen") -> str:
    """The fault that breaks off at POINT; the way back is gone only where a step fails, at FAILING."""
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
