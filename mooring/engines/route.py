"""A route: the places that a pull asks, one after the other; and what an image's name says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mooring.engines.docker.registries import HUB
from mooring.errors import UsageError

HUB_URL = "https://registry-1.docker.io"
SYSTEM = "the system's authorities"
ANY_ERROR = "any error"
# What engines accept after the registry: lower case, then a tag, then a digest (distribution's reference grammar).
WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
TAG, DIGEST = r"\w[\w.-]{0,127}", r"(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})"
REPOSITORY = re.compile(rf"{WORD}(?:/{WORD})*(?::{TAG})?(?:@{DIGEST})?", re.A)


@dataclass(frozen=True)
class Endpoint:
    """One place that is asked for `repository`.

    `tls` is "verified", "unverified" or "none"; `trust` says whom a verified one trusts; `credentials` whose login
    is sent, where the user has it; `next_on` what makes the engine try the next one, empty at the end.
    """

    kind: str
    url: str
    repository: str
    tls: str
    trust: str
    credentials: str
    next_on: str = ""


@dataclass(frozen=True)
class Route:
    """All endpoints of a pull; `refusal` is what the engine says where there is none. `notes` are further facts."""

    endpoints: tuple[Endpoint, ...] = ()
    refusal: str = ""
    notes: tuple[str, ...] = ()


def split_image(image: str) -> tuple[str, str]:
    """(registry or "", repository with its tag or digest); UsageError where this is no image's name."""
    first, slash, rest = image.partition("/")
    registry, repository = "", image
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = (HUB if first == f"index.{HUB}" else first), rest
    if "://" in image or first.startswith((".", ":")) or not REPOSITORY.fullmatch(repository):
        example = '"registry.example.com/team/app:1.2" or "busybox", the repository in lower case'
        raise UsageError(f'"{image}" is not an image: it should be like {example}')
    return registry, repository
