"""`invoke explain` on the screen, or as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase
from typing import TextIO

from mooring.records.explanation import Fault, NextBoot, PullExplanation
from mooring.records.mirror import ServerChain
from mooring.records.route import Endpoint, Route
from mooring.reporters.screen import Screen

STYLES = {"stops the daemon": "bold red", "ends pulls": "bold red", "useless": "yellow", "surprising": "cyan"}


def write_text(explanation: PullExplanation, stream: TextIO | None = None, quiet: bool = False) -> None:
    """The endpoints in order with the rule between them, then what is wrong; `quiet` leaves the
    endpoints out."""
    screen = Screen(stream)
    title = f"{explanation.command} {explanation.image}  on {explanation.host}, {explanation.engine}"
    if quiet and is_well(explanation):
        screen.write(f"{title}: nothing is wrong")
        return
    screen.write(title, "bold")
    with screen.section():
        _write_routes(screen, explanation, quiet)
    with screen.section():
        _write_faults(screen, explanation.faults)
    if explanation.stopped:
        screen.write()
        screen.write(explanation.stopped, "bold red")
    if explanation.boot is not None:
        with screen.section():
            _write_boot(screen, explanation.boot, explanation.chains, quiet)


def is_well(explanation: PullExplanation) -> bool:
    """Whether the daemon runs as its files say and will start, and nothing is wrong with this
    pull."""
    routes = [route for route in (explanation.now, explanation.later) if route is not None]
    is_running = explanation.now is not None or not explanation.has_daemon
    wrong = (explanation.faults, explanation.differences, explanation.stopped, explanation.boot)
    return is_running and not any(wrong) and not any(route.refusal for route in routes)


def _write_routes(screen: Screen, explanation: PullExplanation, quiet: bool) -> None:
    """As the daemon runs, then what its next start changes."""
    now, later = explanation.now, explanation.later
    if now is None and explanation.has_daemon:
        screen.write("the daemon does not run; this is what its files say:", "yellow")
    _write_route(screen, now or later, explanation.chains, quiet)
    if now is not None and now != later and not (quiet and now.refusal == later.refusal):
        screen.write()
        screen.write("after the daemon's next start:", "bold")
        _write_route(screen, later, explanation.chains, quiet)
    if explanation.unknown and not quiet:
        screen.write(f"  note: what the registry's server does is not known: {explanation.unknown}")
    for difference in explanation.differences:
        screen.write()
        screen.write(
            f"  {difference.key} runs as {_list(difference.now)}, its files say {_list(difference.later)}", "yellow"
        )


def _write_faults(screen: Screen, faults: Sequence[Fault]) -> None:
    for fault in faults:
        screen.write()
        screen.write_pieces((fault.severity, STYLES[fault.severity]), f"  [{fault.rule}] {fault.text}")


def _write_boot(screen: Screen, boot: NextBoot, chains: Sequence[ServerChain], quiet: bool) -> None:
    screen.write()
    screen.write("at the next boot:", "bold")
    for reason in boot.reasons:
        screen.write(f"  {reason}")
    if boot.route:
        _write_route(screen, boot.route, chains, quiet)
    _write_faults(screen, boot.faults)
    if not boot.will_start:
        screen.write("  the daemon will not start", "bold red")


def _write_route(screen: Screen, route: Route, chains: Sequence[ServerChain], quiet: bool) -> None:
    if route.refusal:
        screen.write(f"  nothing is asked: {route.refusal}", "bold red")
    if quiet:
        return
    for number, endpoint in enumerate(route.endpoints, 1):
        screen.write(f"  {number}. {endpoint.kind}: {endpoint.url}/{endpoint.repository}")
        screen.write(f"     {_tls(endpoint)}; sends {endpoint.credentials} login, if there is one", "dim")
        _write_chains(screen, endpoint, chains)
        if endpoint.next_on:
            screen.write(f"     tries {number + 1} after: {endpoint.next_on}", "dim")
    for note in route.notes:
        screen.write(f"  note: {note}")


def _write_chains(screen: Screen, endpoint: Endpoint, chains: Sequence[ServerChain]) -> None:
    """What the servers do that this endpoint leads to."""
    for chain in chains:
        if (chain.url, chain.repository) == (endpoint.url, endpoint.repository):
            screen.write(f"     {chain.server} then takes:", "dim")
            for letter, step in zip(ascii_lowercase, chain.steps, strict=False):
                screen.write(f"       {letter}. {step.text}")


def _tls(endpoint: Endpoint) -> str:
    if endpoint.tls == "verified":
        return f"TLS verified by {endpoint.trust}"
    return "TLS not verified" if endpoint.tls == "unverified" else "plain HTTP"


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(value or '""' for value in values) or "nothing"
