"""This machine's Docker engine: the one that answers, else one that we install and start."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lab.commands import LabError, Say, environment, find_program, run, succeeds

RUN = Path("/run/mooring-lab")
PID_FILE = RUN / "dockerd.pid"
LOG = RUN / "dockerd.log"
START_SECONDS = 60


@dataclass(frozen=True)
class Engine:
    """A Docker engine that answers, through the client that reaches it."""

    client: str

    def run(self, *words: str, stdin: IO[bytes] | None = None, may_fail: bool = False) -> str:
        """Standard output of `docker WORDS`."""
        return run([self.client, *words], stdin=stdin, may_fail=may_fail)

    def succeeds(self, *words: str) -> bool:
        """Whether `docker WORDS` ends with status 0."""
        return succeeds([self.client, *words])


def find_engine() -> Engine | None:
    """The engine that answers now, if any. Debian's client is tried last: a newer one may
    refuse an old engine."""
    for client in ("docker", "/usr/bin/docker"):
        if succeeds([client, "version"]):
            return Engine(client)
    return None


def ensure_engine(say: Say) -> Engine:
    """The engine that answers; installed and started before, where that is possible."""
    engine = find_engine()
    if engine:
        return engine
    install_missing({"dockerd": "docker.io", "docker": "docker.io"}, "run the lab", say)
    say("starting a Docker engine, as none answers")
    if Path("/run/systemd/system").is_dir():
        run(["systemctl", "start", "docker"])
    else:
        _start_dockerd()
    engine = find_engine()
    if engine is None:
        raise LabError(f"the Docker engine was started but does not answer; see {LOG} or journalctl -u docker")
    return engine


def install_missing(programs: Mapping[str, str], purpose: str, say: Say) -> None:
    """Installs Debian's packages for those PROGRAMS (program: package) that this machine lacks."""
    missing = [program for program in programs if not find_program(program)]
    if not missing:
        return
    names = ", ".join(missing)
    if not find_program("apt-get"):
        raise LabError(f"to {purpose}, {names} must be installed first; only on Debian the lab does that itself")
    if os.geteuid() != 0:
        raise LabError(f"to {purpose}, {names} must be installed first: run this as root, or install them yourself")
    packages = sorted({programs[program] for program in missing})
    say(f"installing Debian packages to {purpose}: {' '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    # One of the machine's sources may be broken without any harm to what is needed here.
    run(["apt-get", "-q", "update"], env=quiet, may_fail=True)
    run(["apt-get", "-q", "-y", "--no-install-recommends", "install", *packages], env=quiet)


def stop_our_engine(say: Say) -> None:
    """Ends the dockerd that an earlier `ensure_engine` started, if it did; any other
    engine is left alone."""
    pid = our_pid()
    if pid is None:
        return
    say("stopping the Docker engine that the lab started")
    os.kill(pid, 15)
    _wait(lambda: not _is_dockerd(pid))
    PID_FILE.unlink(missing_ok=True)


def our_pid() -> int | None:
    """Process of the dockerd that the lab started, if it still runs."""
    try:
        pid = int(PID_FILE.read_text())
    except (OSError, ValueError):
        return None
    return pid if _is_dockerd(pid) else None


def _is_dockerd(pid: int) -> bool:
    try:
        return b"dockerd" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _start_dockerd() -> None:
    if os.geteuid() != 0:
        raise LabError("no Docker engine answers: start one, or run this as root so that the lab can start dockerd")
    RUN.mkdir(parents=True, exist_ok=True)
    with LOG.open("ab") as log:
        process = subprocess.Popen(
            ["dockerd", f"--pidfile={PID_FILE}"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    _wait(lambda: find_engine() is not None or process.poll() is not None)
    if process.poll() is not None:
        last = "\n".join(f"    {line}" for line in LOG.read_text(errors="replace").splitlines()[-10:])
        raise LabError(f"dockerd does not start; the end of its log {LOG}:\n{last}")


def _wait(is_done: Callable[[], bool]) -> None:
    """Until IS_DONE() holds, looking again and again, at most START_SECONDS."""
    until = time.monotonic() + START_SECONDS
    while not is_done() and time.monotonic() < until:
        time.sleep(0.1)
