"""`invoke status`: a line for each host of the fleet."""

from __future__ import annotations

from mooring.cli.options import Request
from mooring.cli.site import load_site
from mooring.fleet.status import draw_row, exit_status, look
from mooring.fleet.survey import Survey
from mooring.reporters import fleet_table, streams
from mooring.reporters.last_words import write_beside
from mooring.reporters.live import Looking
from mooring.reporters.screen import write_json


def show_status(request: Request) -> int:
    """Draw the table; 0, 4 where hosts were unreachable, 8 where `detailed_exitcode` asks for it
    and some drifted."""
    with (
        Looking(is_shown=not request.json) as looking,
        Survey(load_site(request, looking.pause), warn=write_beside, tell=looking.show) as survey,
    ):
        outcomes = survey.look(look)
    rows = [draw_row(name, outcome) for name, outcome in outcomes.items()]
    status = exit_status(rows, request.detailed_exitcode)
    if request.json:
        write_json({"hosts": [row.as_dict() for row in rows], "exit_status": status})
    for stream in streams.list_text_streams(request.json):
        fleet_table.write_rows(rows, stream, quiet=request.quiet and stream is None)
    return status
