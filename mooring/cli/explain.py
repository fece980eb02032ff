"""`invoke explain`: where a pull of an image goes on a host, and what is wrong with the host's
configuration."""

from __future__ import annotations

from dataclasses import asdict, replace

from mooring.cli.options import Request
from mooring.cli.site import load_hosts_and_plays
from mooring.engines.docker.conflicts import Severity
from mooring.engines.explanation import AUTO, ENGINES, Explanation, record
from mooring.engines.explanation_containers import ContainerExplanation
from mooring.engines.route import split_image
from mooring.engines.texts import BUILDKIT, CONTAINERD
from mooring.errors import UsageError
from mooring.fleet.inspection import InspectionFailed, inspect
from mooring.fleet.mirror_chains import Asking, try_chains
from mooring.fleet.senseless import SENSELESS, describe
from mooring.records.hub import HUB
from mooring.reporters import streams
from mooring.reporters.explanation import write_text
from mooring.reporters.screen import write_json


def explain(host: str, image: str, request: Request, engine: str = AUTO) -> int:
    """Explain on the screen or as JSON; see `exit_status`."""
    split_image(image)  # a wrong name is told before the host is asked
    if engine not in ENGINES:
        raise UsageError(f'--engine is one of {", ".join(ENGINES)}, not "{engine}"')
    site, unknown = load_hosts_and_plays(request)
    try:
        explanation = inspect(host, image, site, engine)
    except SENSELESS as error:
        raise InspectionFailed(f"{host}: {describe(error)}") from None
    chains, trouble = try_chains(site, list_askings(explanation))
    unknown = unknown or trouble
    if request.json:
        servers = {"server": [asdict(chain) for chain in chains], "server_unknown": unknown or None}
        write_json({**explanation.as_dict(), **servers})
    shown = replace(record(explanation), chains=tuple(chains), unknown=unknown)
    for stream in streams.list_text_streams(request.json):
        write_text(shown, stream, quiet=request.quiet and stream is None)
    return exit_status(explanation)


def list_askings(explanation: Explanation | ContainerExplanation) -> list[Asking]:
    """What its engine asks, as it runs and later, each once, with the ?ns= that it sends."""
    registry = split_image(explanation.image)[0] or HUB
    if isinstance(explanation, Explanation):
        # By containerd's image store alone, and only there another registry has a mirror.
        sends = registry != HUB
    else:
        sends = explanation.name in (CONTAINERD, BUILDKIT)
    boot = explanation.boot.route if explanation.boot else None
    askings = [
        Asking(endpoint.url, endpoint.repository, registry if sends and endpoint.kind.startswith("mirror") else "")
        for route in (explanation.now, explanation.later, boot)
        if route is not None
        for endpoint in route.endpoints
    ]
    return list(dict.fromkeys(askings))


def exit_status(explanation: Explanation | ContainerExplanation) -> int:
    """0; 2 where the daemon would not start again, or where a fault ends this very pull. A
    block is no fault."""
    routes = [route for route in (explanation.now, explanation.later) if route is not None]
    has_fault = any(conflict.severity is Severity.ENDS_PULLS for conflict in explanation.conflicts)
    return 2 if not explanation.will_start or (has_fault and any(route.refusal for route in routes)) else 0
