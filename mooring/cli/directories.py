"""Where a call comes from: the operator's working directory, which paths are relative to,
and the project's."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from invoke import Context

from mooring.invocation import launched_as
from mooring.project import Project

# Set by the launcher, which changes to the directory of its own.
CALLED_FROM = "MOORING_CALLED_FROM"


def caller() -> Path:
    """Where the operator stands: the working directory, unless the launcher has left it."""
    return Path((launched_as() and os.environ.get(CALLED_FROM)) or os.getcwd())


def enter(context: Context) -> Project:
    """The directory of the tasks.py that Invoke found; makes the operator's the
    working directory again."""
    # Invoke has no public name for it.
    root = Path(getattr(context.config, "_project_prefix", None) or "").absolute()
    with suppress(OSError):  # one that is gone, or closed to this user
        os.chdir(caller())
    return Project() if root.samefile(Path()) else Project(root)
