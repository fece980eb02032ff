"""Whether a process is still there."""

from __future__ import annotations

import time
from pathlib import Path


def runs(pid: int) -> bool:
    """A zombie that nobody has collected does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ends_within(pid: int, seconds: float) -> bool:
    """Wait for a process's end."""
    limit = time.monotonic() + seconds
    while runs(pid):
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def await_text(path: Path, seconds: float = 30) -> str:
    """Wait until another process has written a whole line into a file, and return it."""
    limit = time.monotonic() + seconds
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < limit, f"nobody wrote {path}"
        time.sleep(0.02)
    return path.read_text().strip()
