"""`invoke explain` on the screen, or as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from mooring.daemon.conflicts import Conflict
from mooring.daemon.route import Endpoint, Route

if TYPE_CHECKING:
    from mooring.explain import BootExplanation, Explanation
    from mooring.explain_containers import ContainerExplanation

STYLES = {"stops the daemon": "bold red", "useless": "yellow", "surprising": "cyan"}


def write_json(explanation: Explanation | ContainerExplanation, stream: TextIO) -> None:
    """Everything that is known, settings with their places included."""
    json.dump(explanation.as_dict(), stream, indent=2)
    stream.write("\n")


def write_text(explanation: Explanation | ContainerExplanation, stream: TextIO) -> None:
    """The endpoints in order with the rule between them, then what is wrong."""
    console = Console(file=stream, highlight=False, soft_wrap=True)
    title = f"{explanation.command} {explanation.image}  on {explanation.host}, {explanation.engine}"
    console.print(Text(title, "bold"))
    _write_routes(console, explanation)
    _write_conflicts(console, explanation.conflicts)
    if not explanation.will_start:
        console.print(Text(f"\n{explanation.stopped}", "bold red"))
    if explanation.boot is not None and explanation.boot.differs:
        _write_boot(console, explanation.boot)


def _write_routes(console: Console, explanation: Explanation | ContainerExplanation) -> None:
    """As the daemon runs, then what its next start changes."""
    now, later = explanation.now, explanation.later
    if now is None and explanation.has_daemon:
        console.print(Text("the daemon does not run; this is what its files say:", "yellow"))
    _write_route(console, now or later)
    if now is not None and now != later:
        console.print(Text("\nafter the daemon's next start:", "bold"))
        _write_route(console, later)
    for one in explanation.differences:
        console.print(Text(f"\n{one.key} runs as {_list(one.now)}, its files say {_list(one.later)}", "yellow"))


def _write_conflicts(console: Console, conflicts: Sequence[Conflict]) -> None:
    for conflict in conflicts:
        severity = conflict.severity.value
        console.print(Text.assemble("\n", (severity, STYLES[severity]), f"  [{conflict.rule}] {conflict}"))


def _write_boot(console: Console, boot: BootExplanation) -> None:
    console.print(Text("\nat the next boot:", "bold"))
    for reason in boot.boot.reasons:
        console.print(Text(f"  {reason}"))
    if boot.route:
        _write_route(console, boot.route)
    _write_conflicts(console, boot.conflicts)
    if not boot.will_start:
        console.print(Text("  the daemon will not start", "bold red"))


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
