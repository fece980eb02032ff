"""`invoke explain` on the screen, or as one JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from mooring.daemon.endpoints import Endpoint, Route

if TYPE_CHECKING:
    from mooring.explain import Explanation

STYLES = {"stops the daemon": "bold red", "useless": "yellow", "surprising": "cyan"}


def write_json(explanation: Explanation, stream: TextIO) -> None:
    """Everything that is known, settings with their places included."""
    json.dump(explanation.as_dict(), stream, indent=2)
    stream.write("\n")


def write_text(explanation: Explanation, stream: TextIO) -> None:
    """The endpoints in order with the rule between them, then what is wrong."""
    console = Console(file=stream, highlight=False, soft_wrap=True)
    title = f"docker pull {explanation.image}  on {explanation.host}, {explanation.effective.engine}"
    console.print(Text(title, "bold"))
    now, later = explanation.now, explanation.later
    if now is None:
        console.print(Text("the daemon does not run; this is what its files say:", "yellow"))
    _write_route(console, now or later)
    if now is not None and now != later:
        console.print(Text("\nafter the daemon's next start:", "bold"))
        _write_route(console, later)
    for one in explanation.differences:
        console.print(Text(f"\n{one.key} runs as {_list(one.now)}, its files say {_list(one.later)}", "yellow"))
    for conflict in explanation.conflicts:
        severity = conflict.severity.value
        console.print(Text.assemble("\n", (severity, STYLES[severity]), f"  [{conflict.rule}] {conflict}"))
    if not explanation.will_start:
        console.print(Text("\nthe daemon will not start again", "bold red"))


def _write_route(console: Console, route: Route) -> None:
    if route.refusal:
        console.print(Text(f"  nothing is asked: {route.refusal}", "bold red"))
    for number, endpoint in enumerate(route.endpoints, 1):
        console.print(Text(f"  {number}. {endpoint.kind}: {endpoint.url}/{endpoint.repository}"))
        console.print(Text(f"     {_tls(endpoint)}; sends {endpoint.credentials} login, if there is one", "dim"))
        if endpoint.next_on:
            console.print(Text(f"     on to {number + 1}. on {endpoint.next_on}", "dim"))
    for note in route.notes:
        console.print(Text(f"  note: {note}"))


def _tls(endpoint: Endpoint) -> str:
    if endpoint.tls == "verified":
        return f"TLS verified by {endpoint.trust}"
    return "TLS not verified" if endpoint.tls == "unverified" else "plain HTTP"


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(value or '""' for value in values) or "nothing"
