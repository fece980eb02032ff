"""A docker daemon alone: started for one question, asked by its API, and gone without a trace.

Everything runs in namespaces of its own (mounts, network, processes) that die with this process,
whatever ends it. One containerd serves all daemons of an engine, one after the other.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roots import Suite

NO_DRIVER = "error initializing graphdriver: driver not supported"
SECONDS = 20
ALONE = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child")
ROOM = """
set -e
root=$1 shared=$2 config=$3
shift 3
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
for place in run tmp var/lib/docker var/lib/containerd; do mount -t tmpfs tmpfs "$root/$place"; done
mkdir "$root/run/containerd"
mount --bind "$shared" "$root/run/containerd"
mount --bind "$config" "$root/etc/docker"
exec chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Verdict:
    """Whether a daemon took its configuration, and its last words."""

    starts: bool
    output: str


class Room:
    """One program in namespaces of its own below a root directory."""

    def __init__(self, root: Path, shared: Path, config: Path, argv: Sequence[str]) -> None:
        self.program = argv[0]
        self.log = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [*ALONE, "sh", "-c", ROOM, "room", str(root), str(shared), str(config), *argv],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def output(self) -> str:
        """Everything that the program wrote."""
        return os.pread(self.log.fileno(), 10_000_000, 0).decode(errors="replace")

    def pid(self) -> int:
        """The program's process, seen from here; 0 until it is there, and so in its own root.

        Before that the process below `unshare` is a shell in the machine's root, with the machine's
        own docker.sock.
        """
        try:
            child = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0]
            command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            return 0
        return int(child) if command[0].decode() == self.program else 0

    def end(self) -> None:
        """The namespaces and all in them are gone afterwards."""
        self.process.kill()
        self.process.wait()
        self.log.close()


class Daemon:
    """A dockerd that runs."""

    def __init__(self, room: Room, config: Path) -> None:
        self.room, self.config = room, config

    def info(self) -> dict[str, Any]:
        """What `docker info` prints from."""
        connection = http.client.HTTPConnection("localhost", timeout=SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(SECONDS)
        try:
            connection.sock.connect(f"/proc/{self.room.pid()}/root/run/docker.sock")
            connection.request("GET", "/info")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            self.info()
        except (OSError, http.client.HTTPException, ValueError):
            return False
        return True

    def reload(self, text: str | None) -> str:
        """Puts another daemon.json in place (None: none), sends SIGHUP; what the daemon says to
        it."""
        place = self.config / "daemon.json"
        if text is None:
            place.unlink(missing_ok=True)
        else:
            place.write_text(text)
        # Newer ones say "Reloaded" before they do it; what they
        # say to a second signal comes when the first is done.
        return self._signal() and self._signal()

    def _signal(self) -> str:
        before = len(self.room.output())
        os.kill(self.room.pid(), signal.SIGHUP)
        wait(lambda: _is_reloaded(self.room.output()[before:]), self.room)
        return self.room.output()[before:]


def _is_reloaded(output: str) -> bool:
    return any(words in output for words in ("Reloaded configuration", "rror reconfiguring the daemon", "level=error"))


class Bench:
    """An engine ready for questions: its root, its containerd, a place for each case's files."""

    def __init__(self, suite: Suite, root: Path) -> None:
        self.suite, self.root = suite, root
        self.work = _work_place(root.parent / "work")
        self.shared = self.work / "containerd"
        self.shared.mkdir()
        self.containerd: Room | None = None

    def start(self) -> None:
        """Starts its containerd."""
        self.containerd = Room(self.root, self.shared, self._config(None), ["containerd"])
        wait(lambda: (self.shared / "containerd.sock").exists(), self.containerd)

    def close(self) -> None:
        if self.containerd:
            self.containerd.end()
        shutil.rmtree(self.work)

    def _config(self, text: str | None) -> Path:
        place = Path(tempfile.mkdtemp(dir=self.work))
        if text is not None:
            (place / "daemon.json").write_text(text)
        return place

    def judge(self, argv: Sequence[str], text: str | None) -> Verdict:
        """Whether dockerd takes ARGV and daemon.json; with a driver that does not exist it ends
        soon in any case."""
        config = self._config(text)
        room = Room(self.root, self.shared, config, argv)
        try:
            room.process.wait(SECONDS)
            output = room.output()
        finally:
            room.end()
            shutil.rmtree(config)
        return Verdict(NO_DRIVER in output, "\n".join(output.splitlines()[-3:]))

    def ask(self, *words: str) -> str:
        """What `dockerd WORDS` prints, which ends by itself."""
        done = subprocess.run(
            ["chroot", str(self.root), "dockerd", *words], capture_output=True, text=True, timeout=SECONDS
        )
        return done.stdout + done.stderr

    @contextmanager
    def daemon(self, argv: Sequence[str], text: str | None) -> Iterator[Daemon]:
        """A dockerd that answers."""
        config = self._config(text)
        room = Room(self.root, self.shared, config, argv)
        daemon = Daemon(room, config)
        try:
            wait(daemon.answers, room)
            yield daemon
        finally:
            room.end()
            shutil.rmtree(config)


def _work_place(base: Path) -> Path:
    """A new directory named by this process; those of processes that were killed go away."""
    base.mkdir(exist_ok=True)
    for old in base.iterdir():
        if not Path("/proc", old.name.partition("-")[0]).exists():
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=base))


def wait(is_done: Callable[[], bool], room: Room) -> None:
    """Until it is done, or the program has ended or takes too long: that is an error
    with its last words."""
    until = time.monotonic() + SECONDS
    while not is_done():
        if room.process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"{room.process.args[-5:]}:\n{room.output()[-2000:]}")
        time.sleep(0.02)
