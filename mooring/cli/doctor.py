"""`invoke doctor`: every rule on every host, with what to do where one is broken."""

from __future__ import annotations

from mooring.cli.options import Request
from mooring.cli.site import load_site
from mooring.doctor.session import examine, exit_status, settle
from mooring.fleet.survey import Survey
from mooring.reporters import diagnosis, streams
from mooring.reporters.last_words import write_beside
from mooring.reporters.live import Looking
from mooring.reporters.screen import write_json


def diagnose(pattern: str, request: Request) -> int:
    """Examine the hosts; 0, 2 where something is or will be broken, 4 where a host was
    unreachable."""
    with (
        Looking(is_shown=not request.json) as looking,
        Survey(load_site(request, looking.pause), pattern, write_beside, looking.show) as survey,
    ):
        outcomes = survey.look(examine)
    rows = [settle(name, outcome) for name, outcome in outcomes.items()]
    status = exit_status(rows)
    if request.json:
        write_json({"hosts": [row.as_dict() for row in rows], "exit_status": status})
    for stream in streams.list_text_streams(request.json):
        # A log has what -q leaves out on the screen.
        diagnosis.write_text(rows, stream, request.verbosity if stream is None else int(request.verbose))
    return status
