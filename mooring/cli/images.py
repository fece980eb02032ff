"""`invoke images`: what the fleet runs and has, written to its lock file."""

from __future__ import annotations

import os
from pathlib import Path

from mooring.cli.options import Request
from mooring.cli.site import load_site
from mooring.errors import UsageError, on_one_line
from mooring.fleet.survey import Survey
from mooring.reporters import images, streams
from mooring.reporters.last_words import write_beside
from mooring.reporters.live import Looking
from mooring.reporters.screen import write_json
from mooring.service.fleet_images import exit_status, look, renew, report
from mooring.service.lock_file import NAME, LockFile, read_lock_file, write_lock_file


def show_images(request: Request, lock: str) -> int:
    """Ask the hosts, write the file unless `check`, and show both.

    0; 2 where hosts did not tell all; 4 where hosts were unreachable; 8 where `detailed_exitcode`
    asks for it and, with `check`, the file would be another one.
    """
    path = Path(lock) if lock else request.project.root / NAME
    before = read_before(path)
    with (
        Looking(is_shown=not request.json) as looking,
        Survey(load_site(request, looking.pause), warn=write_beside, tell=looking.show) as survey,
    ):
        outcomes = survey.look(look)
    now = renew(before or LockFile(), outcomes, list(survey.inventory.hosts))
    fleet = report(str(path), before, now, outcomes, request.check)
    if not request.check:
        write_lock_file(path, now)
    status = exit_status(fleet, request.detailed_exitcode)
    if request.json:
        write_json({**fleet.as_dict(), "exit_status": status})
    for stream in streams.list_text_streams(request.json):
        images.write_images(fleet, stream, quiet=request.quiet and stream is None)
    return status


def read_before(path: Path) -> LockFile | None:
    """What the file says now, None where there is none yet; before any host is touched."""
    if os.path.lexists(path):
        return read_lock_file(path)
    if not path.parent.is_dir():
        raise UsageError(f"--lock: there is no directory {on_one_line(str(path.parent))}")
    return None
