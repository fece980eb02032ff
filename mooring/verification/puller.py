"""A client's part of the proof: what it would pull, pulling it, and removing what it pulled."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from mooring.errors import MooringError
from mooring.verification.member import CheckFailed, Member
from mooring.verification.proof import Proof, Pull
from mooring.verification.routes import Door, Route, plan_routes

# How long a pull of some hundred bytes may take: engines try dead mirrors and TLS first, with their own limits.
PULL_SECONDS = 240


@dataclass(frozen=True)
class Seen:
    """What a client's side of a pull showed."""

    output: str
    succeeded: bool
    digests: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListedImage:
    """One line of `docker images`."""

    repository: str
    tag: str
    digest: str
    number: str

    @property
    def name(self) -> str:
        """The repository without registry and folders."""
        return self.repository.rpartition("/")[2]

    @property
    def reference(self) -> str:
        return self.number if self.tag == "<none>" else f"{self.repository}:{self.tag}"


def plan_client(client: Member, door: Door) -> list[tuple[str, Route, str]]:
    """The client's name with each of its routes and its machine's architecture."""
    try:
        machine = str(client.engine.get("Architecture", ""))
    except CheckFailed:  # an engine that does not answer fails its own check, and each of its pulls
        machine = "x86_64"
    routes = plan_routes(client.variables, door, client.has_red_hats_engine)
    return [(client.name, route, machine) for route in routes]


def pull_all(client: Member, proof: Proof) -> dict[Pull, Seen]:
    """Pull by every route of this client; a host that is lost meanwhile has failed its pulls."""
    seen: dict[Pull, Seen] = {}
    for pull in proof.of(client.name):
        try:
            seen[pull] = _pull(client, pull)
        except MooringError as error:
            seen[pull] = Seen(str(error), False)
    return seen


def _pull(client: Member, pull: Pull) -> Seen:
    client.probe(pull.route.endpoint, path=pull.sign, validate_certs=False)
    ran = client.run_line(f"timeout {PULL_SECONDS} docker pull {shlex.quote(pull.reference)} 2>&1")
    digests = tuple(image.digest for image in list_images(client) if image.name == pull.name)
    return Seen(ran.out, ran.rc == 0, digests)


def list_images(client: Member) -> list[ListedImage]:
    """Every image on the client that has a name."""
    form = "{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}"
    ran = client.run("docker", "images", "--digests", "--no-trunc", "--format", form)
    return [ListedImage(*line.split(" ", 3)) for line in ran.out.splitlines() if line.count(" ") == 3]


def remove_images(client: Member, mark: str) -> list[str]:
    """Remove every image whose name begins with the mark; returns what is still there, as sentences."""
    try:
        ours = _marked(client, mark)
        if not ours:
            return []
        ran = client.run("docker", "rmi", "--force", *ours)
        left = _marked(client, mark)
        return [f"{client.name}: images {', '.join(left)}: {ran.err.strip()}"] if left else []
    except MooringError as error:
        return [f"{client.name}: perhaps images {mark}-*: {error}"]


def _marked(client: Member, mark: str) -> list[str]:
    images = list_images(client)
    return sorted({image.reference for image in images if image.name.startswith(f"{mark}-")})
