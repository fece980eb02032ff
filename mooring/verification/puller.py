"""A client's part of the proof: what it would pull, pulling it, and removing what it pulled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mooring.errors import MooringError
from mooring.fleet.senseless import SENSELESS, describe
from mooring.registry.addresses import ServerAddresses
from mooring.verification.engines.engine import DOCKERS, Words
from mooring.verification.member import Member
from mooring.verification.proof import Proof, Pull
from mooring.verification.routes import Route, plan_routes

# How long a pull of some hundred bytes may take: engines try dead mirrors and TLS first, with their
# own limits.
PULL_SECONDS = 240


@dataclass(frozen=True)
class Seen:
    """What a client's side of a pull showed."""

    output: str
    succeeded: bool
    digests: tuple[str, ...] = ()
    words: Words = DOCKERS


def plan_client(client: Member, server_addresses: ServerAddresses) -> list[tuple[str, Route, str]]:
    """The client's name with each of its routes and its machine's architecture."""
    machine, takes_short_names, prefix = "x86_64", False, ""
    engine = client.engine  # one that nobody knows pulls nothing
    try:
        takes_short_names, prefix = engine.takes_short_names, engine.hub_prefix
        machine = engine.machine
    except (MooringError, *SENSELESS):
        # A host or an engine that does not answer, or senselessly, fails its own checks and each of
        # its pulls.
        pass
    routes = plan_routes(client.variables, server_addresses, takes_short_names, prefix)
    return [(client.name, route, machine) for route in routes]


def pull_all(
    client: Member,
    proof: Proof,
    is_over: Callable[[], bool] = lambda: False,
    on_pull: Callable[[], None] = lambda: None,
) -> dict[Pull, Seen]:
    """Pull by every route of this client, until it `is_over`; a host that is lost meanwhile has
    failed its pulls."""
    seen: dict[Pull, Seen] = {}
    for pull in proof.of(client.name):
        if is_over():
            break
        try:
            seen[pull] = _pull(client, pull)
        except MooringError as error:
            seen[pull] = Seen(str(error), False, words=client.engine.words)
        except SENSELESS as error:
            seen[pull] = Seen(describe(error), False, words=client.engine.words)
        on_pull()
    return seen


def _pull(client: Member, pull: Pull) -> Seen:
    client.probe(pull.route.endpoint, path=pull.sign, validate_certs=False)
    ran = client.engine.pull(pull.reference, PULL_SECONDS)
    digests = tuple(image.digest for image in client.engine.list_images() if image.name == pull.name)
    return Seen(ran.out, ran.rc == 0, digests, client.engine.words)


def remove_images(client: Member, mark: str) -> list[str]:
    """Remove every image whose name begins with the mark; returns what is still
    there, as sentences."""
    try:
        images = _marked(client, mark)
        if not images:
            return []
        ran = client.engine.remove(images)
        left = _marked(client, mark)
        return [f"{client.name}: images {', '.join(left)}: {ran.err.strip()}"] if left else []
    except MooringError as error:
        return [f"{client.name}: perhaps images {mark}-*: {error}"]
    except SENSELESS as error:
        return [f"{client.name}: perhaps images {mark}-*: {describe(error)}"]


def _marked(client: Member, mark: str) -> list[str]:
    images = client.engine.list_images()
    return sorted({image.reference for image in images if image.name.startswith(f"{mark}-")})
