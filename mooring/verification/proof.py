"""The proof: images that nobody else can have are pushed to the registry, and every
client pulls its own.

Every pull has a repository and an image of its own, so that each pull is a real one, the
access log says without doubt whose it was, and everything that was made can be found and
removed again by its name.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mooring.registry.client import Registry
from mooring.registry.image import Image, architecture_of, build_image
from mooring.verification.engines.engine import DOCKERS, Words
from mooring.verification.findings import HTTP, NAME, REGISTRY, SETTING, TCP, TLS, Finding
from mooring.verification.routes import FULL_NAME, Route

TAG = "proof"


@dataclass(frozen=True)
class Pull:
    """One client by one route, and the image that only this pull can bring."""

    client: str
    route: Route
    name: str
    image: Image = field(repr=False)

    @property
    def label(self) -> str:
        return self.route.label

    @property
    def repository(self) -> str:
        return self.route.repository(self.name)

    @property
    def sign(self) -> str:
        """The path that the client asks nginx for, so that the access log shows the
        address that nginx sees.

        That is the client's own address, or that of a router which stands for it.
        """
        return f"/v2/?{self.name}"

    @property
    def reference(self) -> str:
        return self.route.reference(self.name, TAG)


@dataclass(frozen=True)
class Evidence:
    """What was seen of a pull: what the engine said, the digests that its images list has for the
    name, whose addresses the access log has for the manifest, and as which addresses nginx sees
    this client. `words` are for speaking of the engine."""

    output: str
    succeeded: bool
    digests: tuple[str, ...]
    fetchers: frozenset[str]
    addresses: frozenset[str]
    words: Words = DOCKERS


class Proof:
    """The images of one verification; `mark` is in the name of each."""

    def __init__(self, routes: Iterable[tuple[str, Route, str]]) -> None:
        """`routes` are clients' names, their routes and their machines' architectures."""
        self.mark = f"proof-{secrets.token_hex(6)}"
        self.pulls: list[Pull] = []
        self.pushed: list[Pull] = []
        for number, (client, route, machine) in enumerate(routes, start=1):
            image = build_image({"proof": os.urandom(1024)}, architecture_of(machine))
            self.pulls.append(Pull(client, route, f"{self.mark}-{number}", image))

    def of(self, client: str) -> list[Pull]:
        return [pull for pull in self.pulls if pull.client == client]

    def push(self, registry: Registry) -> None:
        """Push every image; raises RegistryError."""
        registry.ping()
        for pull in self.pulls:
            self.pushed.append(pull)  # before it is begun: half an image must be removed as well
            registry.push(pull.repository, TAG, pull.image)

    def manifest_paths(self) -> list[str]:
        """The API's paths of every pushed image, for deleting them."""
        return [f"/v2/{pull.repository}/manifests/{pull.image.digest}" for pull in self.pushed]

    def storage_paths(self) -> list[str]:
        """What the API cannot remove, relative to the registry's storage: empty
        repositories, and blobs.

        Nobody else can refer to these blobs, since their content is random; so they need not wait
        for the registry's garbage collection.
        """
        root = "docker/registry/v2"
        paths = [f"{root}/repositories/{pull.repository}" for pull in self.pushed]
        for pull in self.pushed:
            for blob in (pull.image.manifest, *pull.image.blobs):
                digits = blob.digest.partition(":")[2]
                paths.append(f"{root}/blobs/sha256/{digits[:2]}/{digits}")
        return paths


def judge_pull(pull: Pull, evidence: Evidence) -> Finding | None:
    """A pull counts when the digest is the pushed one and nginx's access log shows
    this client's address."""
    if not evidence.succeeded:
        return explain_failure(pull, evidence.output, evidence.words)
    if pull.image.digest not in evidence.digests:
        digests = ", ".join(evidence.digests) or "none"
        return Finding.of(REGISTRY, f"{pull.reference} was pulled as {digests}, pushed as {pull.image.digest}")
    if not evidence.addresses & evidence.fetchers:
        own = ", ".join(sorted(evidence.addresses)) or "unknown"
        others = ", ".join(sorted(evidence.fetchers)) or "nobody"
        message = (
            f"{pull.reference} was pulled, but not through nginx by this host: the access log has {others}"
            f" for it, and this host is {own} there"
        )
        return Finding.of(SETTING, message)
    return None


# What engines say, and the layer that it means; looked at only where the host itself reaches the
# registry.
_SIGNS: Sequence[tuple[str, str]] = (
    ("Cannot connect to the Docker daemon", SETTING),
    ("containerd.sock", SETTING),
    ("no such host", NAME),
    ("server misbehaving", NAME),
    ("server gave HTTP response to HTTPS client", SETTING),
    ("x509", TLS),
    ("certificate", TLS),
    ("connection refused", TCP),
    ("i/o timeout", TCP),
    ("no route to host", TCP),
    ("manifest unknown", REGISTRY),
    ("Internal Server Error", REGISTRY),
    ("Bad Gateway", REGISTRY),
    ("not found", REGISTRY),
)


def explain_failure(pull: Pull, output: str, words: Words) -> Finding:
    """The layer behind a failed pull, from the engine's words.

    Where the engine passes over the mirror or the added registry, it ends at Docker Hub, whose
    answer says nothing about ours: the setting is to blame.
    """
    complaint = next((line for line in reversed(output.strip().splitlines()) if line.strip()), "no output")
    message = f"{words.pull} {pull.reference}: {complaint}"
    if pull.route.kind != FULL_NAME:
        return Finding.of(SETTING, message, f"{words.look} for why the engine passed {pull.route.registry} over")
    layer = next((layer for sign, layer in _SIGNS if sign in output), HTTP)
    return Finding.of(layer, message)
