"""Run programs of this machine; a failure is a LabError that shows what the program said."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from mooring.errors import MooringError

Say = Callable[[str], None]
"""Takes one line of progress for the person who waits."""


class LabError(MooringError):
    """The lab cannot be brought up, down or reached; the message says what to do."""


def run(
    argv: Sequence[str],
    env: Mapping[str, str] | None = None,
    text_in: str | None = None,
    stdin: IO[bytes] | None = None,
    may_fail: bool = False,
) -> str:
    """Standard output of ARGV. When it fails, its last lines are in the error, unless it MAY_FAIL."""
    try:
        done = subprocess.run(
            list(argv),
            env={**os.environ, **(env or {})},
            input=text_in.encode() if text_in is not None else None,
            stdin=(stdin or subprocess.DEVNULL) if text_in is None else None,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise LabError(f"cannot run {argv[0]}: {error.strerror}") from error
    if done.returncode and not may_fail:
        said = (done.stderr + done.stdout).decode(errors="replace").strip().splitlines()
        tail = "\n".join(f"    {line}" for line in said[-15:])
        raise LabError(f"{' '.join(argv)} ended with status {done.returncode}\n{tail}")
    return done.stdout.decode(errors="replace")


def succeeds(argv: Sequence[str]) -> bool:
    """Whether ARGV exists and ends with status 0."""
    try:
        done = subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0
