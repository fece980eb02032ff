"""Where the hostile hosts lie: a checkout, a home and an inventory of their own, and
the real `invoke`."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any

import paramiko
import yaml

from tests.hostile.host import Answers, Host
from tests.hostile.malice import Malice
from tests.lab.invocations import Run
from tests.support.ssh_server import Address, Rules, SshServer

ROOT = Path(__file__).parents[2]
LIMIT = 120
# All clients in one batch, and a failure of one is no reason to leave the others out.
AT_ONCE = ("-e", "clients_serial=100%", "-e", "clients_max_fail_percentage=100")
TRACE = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Watched(Run):
    """A run, and what was seen of it from inside: [kind, *values] each (see
    watch/sitecustomize.py).

    `ending` is how long it took from Ctrl-C to its end, in seconds.
    """

    log: Path = Path()
    ending: float = 0.0

    @cached_property
    def seen(self) -> list[list[str]]:
        """All that was noted."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def noted(self, kind: str) -> list[str]:
        """What was noted of one kind, each as one text."""
        return [" ".join(values) for word, *values in self.seen if word == kind]

    def warnings(self, host: str) -> str:
        """The warnings about a host."""
        events = [event for event in self.events if event["event"] == "warned" and event["host"] == host]
        return "\n".join(event["message"] for event in events)

    def messages(self, host: str, task: str) -> list[Any]:
        """What a task of that name said on a host, each time."""
        ended = [event for event in self.events if event["event"] == "task_finished"]
        return [event["message"] for event in ended if (event["host"], event["task"]) == (host, task)]


@dataclass
class Yard:
    """A place for runs; hosts are put there by `add`."""

    place: Path
    keys: dict[str, Path]
    hosts: dict[str, Host] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    servers: dict[str, SshServer] = field(default_factory=dict)
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    common: dict[str, Any] = field(default_factory=dict)
    tunnels_to: Address = ("127.0.0.1", 1)
    runs: int = 0

    def __post_init__(self) -> None:
        self.checkout, self.home, self.marks = (self.place / name for name in ("checkout", "home", "marks"))
        for folder in (self.checkout, self.home, self.marks):
            folder.mkdir()
        for name in ("playbooks", "roles"):
            shutil.copytree(ROOT / name, self.checkout / name)
        (self.checkout / "tasks.py").symlink_to(ROOT / "tasks.py")

    def add(
        self,
        name: str,
        malice: Malice | None = None,
        answers: Answers | None = None,
        group: str = "clients",
        **more: Any,
    ) -> Host:
        """One more host: `answers` as in Host, `more` are its variables."""
        host = self.hosts[name] = Host(name, malice or Malice(), answers)
        rules = Rules(keys=(key_of(self.keys["user"]),), run=host.converse, route=self.route)
        self.servers[name] = SshServer(rules, (key_of(self.keys["host"]),))
        self.groups[name], self.variables[name] = group, more
        return host

    def route(self, destination: Address) -> Address:
        """Tunnels end on loopback, at a closed port if nothing else is said: no packet
        leaves this machine."""
        return self.tunnels_to

    def mark(self, host: str) -> Path:
        """The file that a host's commands make where they run on the control machine."""
        return self.marks / host

    @property
    def marked(self) -> list[str]:
        """The hosts that had a command run."""
        return sorted(path.name for path in self.marks.iterdir())

    def requests_of(self, name: str) -> str:
        """All that was sent to a host in requests and contents, as one text."""
        parts = [
            json.dumps([request.module, request.args]) + request.content.decode("latin-1")
            for request in self.hosts[name].requests
        ]
        return "\n".join(parts)

    def write_inventory(self) -> None:
        """The hosts with their ways; the host keys are known."""
        known = self.home / "known_hosts"
        key = key_of(self.keys["host"])
        public = f"{key.get_name()} {base64.b64encode(key.asbytes()).decode()}"
        known.write_text("".join(f"[127.0.0.1]:{server.port} {public}\n" for server in self.servers.values()))
        arguments = f"-F none -o UserKnownHostsFile={known} -o GlobalKnownHostsFile=none"
        groups: dict[str, Any] = {}
        for name, group in self.groups.items():
            own = {"ansible_port": self.servers[name].port, **self.variables[name]}
            groups.setdefault(group, {"hosts": {}})["hosts"][name] = own
        common = {
            "ansible_host": "127.0.0.1",
            "ansible_user": "tester",
            "registry_server_address": "192.0.2.10",
            "ansible_ssh_private_key_file": str(self.keys["user"]),
            "ansible_ssh_common_args": arguments,
            **self.common,
        }
        (self.checkout / "inventory.yml").write_text(yaml.safe_dump({"all": {"vars": common, "children": groups}}))

    def invoke(self, *words: str, timeout: float = LIMIT, interrupt: Event | None = None) -> Watched:
        """Run the real `invoke` here, with Ctrl-C once `interrupt` is set; a run without an end
        fails the test."""
        self.write_inventory()
        self.runs += 1
        log = self.place / f"watch{self.runs}"
        log.touch()
        environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PYTHONPATH": f"{Path(__file__).parent / 'watch'}:{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MOORING_WATCH": str(log),
        }
        began = interrupted = time.monotonic()
        with subprocess.Popen(
            [Path(sys.executable).with_name("invoke"), *words],
            cwd=self.checkout, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            try:
                if interrupt is not None:
                    assert interrupt.wait(timeout), "the moment for Ctrl-C never came"
                    interrupted = time.monotonic()
                    process.send_signal(signal.SIGINT)
                streams = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                raise
        out, err = (stream.decode("utf-8", "backslashreplace") for stream in streams)
        end = time.monotonic()
        run = Watched(words, process.returncode, out, err, end - began, log, end - interrupted)
        assert TRACE not in run.err, run.transcript
        return run

    def play(self, text: str, *words: str, timeout: float = LIMIT, interrupt: Event | None = None) -> Watched:
        """Run a playbook with this text, told as events."""
        (self.checkout / "playbooks" / "own.yml").write_text(text)
        return self.invoke("play", "playbooks/own.yml", "--json", *words, timeout=timeout, interrupt=interrupt)

    def close(self) -> None:
        """End all servers."""
        for server in self.servers.values():
            server.close()


def key_of(path: Path) -> paramiko.PKey:
    return paramiko.Ed25519Key(filename=str(path))


def expect_honest(run: Watched, name: str = "honest") -> None:
    """The honest host did all of its tasks, and nothing is said against it."""
    row = run.recap[name]
    assert (row["failed"], row["unreachable"]) == (0, 0), run.transcript
    assert row["ok"] > 0, run.transcript
    assert not run.warnings(name), run.transcript
