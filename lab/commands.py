"""Run programs of this machine; a failure is a LabError that shows what the program said."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from mooring.errors import MooringError

Say = Callable[[str], None]
"""Takes one line of progress for the person who waits."""


class LabError(MooringError):
    """The lab cannot be brought up, down or reached; the message says what to do."""


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment and MORE; root's PATH may lack the directories that root's
    programs are in."""
    path = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, **(more or {})}


def find_program(name: str) -> str | None:
    """Where the program NAME is, if this machine has it."""
    return shutil.which(name, path=environment()["PATH"])


def run(
    argv: Sequence[str],
    env: Mapping[str, str] | None = None,
    text_in: str | None = None,
    stdin: IO[bytes] | None = None,
    may_fail: bool = False,
) -> str:
    """Standard output of ARGV. When it fails, its last lines are in the error, unless it
    MAY_FAIL."""
    try:
        done = subprocess.run(
            list(argv),
            env=environment(env),
            input=text_in.encode() if text_in is not None else None,
            stdin=(stdin or subprocess.DEVNULL) if text_in is None else None,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise LabError(f"cannot run {argv[0]}: {error.strerror}") from error
    if done.returncode and not may_fail:
        complaint = (done.stderr + done.stdout).decode(errors="replace").strip().splitlines()
        tail = "\n".join(f"    {line}" for line in complaint[-15:])
        raise LabError(f"{' '.join(argv)} ended with status {done.returncode}\n{tail}")
    return done.stdout.decode(errors="replace")


def watch(argv: Sequence[str], take_line: Callable[[str], None], env: Mapping[str, str] | None = None) -> None:
    """Runs ARGV and hands over each line that it prints, as it comes; its last lines are in the
    error when it fails."""
    last: deque[str] = deque(maxlen=15)
    with subprocess.Popen(
        list(argv),
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout
        for line in process.stdout:
            last.append(line.rstrip())
            take_line(line.rstrip())
    if process.returncode:
        tail = "\n".join(f"    {line}" for line in last)
        raise LabError(f"{' '.join(argv)} ended with status {process.returncode}\n{tail}")


def succeeds(argv: Sequence[str]) -> bool:
    """Whether ARGV exists and ends with status 0."""
    try:
        done = subprocess.run(
            list(argv),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0
