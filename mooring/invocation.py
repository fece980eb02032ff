"""How the operator calls the tasks, for remedies that can be copied as they stand."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping

# Set by the launcher `./invoke`: its process id, which is this process's own where the launcher
# began it, and the words by which it was called. A child process inherits the variable, but not the
# id.
LAUNCHED = "MOORING_LAUNCHED"
# The programs that run the tasks; the wheel brings the first two.
PROGRAMS = ("invoke", "mooring", "inv")


def invocation(words: str) -> str:
    """The command line of a task: `./invoke WORDS` where the launcher was called, by its path, else
    `invoke WORDS`."""
    return f"{command()} {words}"


def command(environment: Mapping[str, str] = os.environ, program: str = sys.argv[0]) -> str:
    """What stands before the task's name, quoted for a shell; `program` is the path of
    the one that runs."""
    if launcher := launched_as(environment):
        return shlex.quote(launcher)
    name = os.path.basename(program)
    return name if name in PROGRAMS else PROGRAMS[0]


def launched_as(environment: Mapping[str, str] = os.environ) -> str:
    """The path by which the launcher was called; empty where it did not begin this process."""
    process, _, path = environment.get(LAUNCHED, "").partition(" ")
    if process != str(os.getpid()):
        return ""
    return path if "/" in path else f"./{path}"
