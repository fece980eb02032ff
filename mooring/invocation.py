"""How the operator calls the tasks, for remedies that can be copied as they stand."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

# Set by the launcher `./invoke`: its process id, which is this process's own where the launcher began it, and the
# words by which it was called. A child process inherits the variable, but not the id.
LAUNCHED = "MOORING_LAUNCHED"


def invocation(words: str, environment: Mapping[str, str] = os.environ) -> str:
    """The command line of a task: `./invoke WORDS` where the launcher was called (by its path), else `invoke WORDS`."""
    launcher = launched_as(environment)
    return f"{shlex.quote(launcher) if launcher else 'invoke'} {words}"


def launched_as(environment: Mapping[str, str] = os.environ) -> str:
    """The path by which the launcher was called; empty where it did not begin this process."""
    process, _, path = environment.get(LAUNCHED, "").partition(" ")
    if process != str(os.getpid()):
        return ""
    return path if "/" in path else f"./{path}"
