"""What an image's name says of where a pull goes, and the words of every route."""

from __future__ import annotations

import re

from mooring.errors import UsageError
from mooring.records.hub import HUB

SYSTEM = "the system's authorities"
ANY_ERROR = "any error"
# What engines accept after the registry: lower case, then a tag, then a digest (distribution's
# reference grammar).
WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
TAG, DIGEST = r"\w[\w.-]{0,127}", r"(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})"
REPOSITORY = re.compile(rf"{WORD}(?:/{WORD})*(?::{TAG})?(?:@{DIGEST})?", re.A)


def split_image(image: str) -> tuple[str, str]:
    """(registry or "", repository with its tag or digest); UsageError where this is
    not an image's name."""
    first, slash, rest = image.partition("/")
    registry, repository = "", image
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = (HUB if first == f"index.{HUB}" else first), rest
    if "://" in image or first.startswith((".", ":")) or not REPOSITORY.fullmatch(repository):
        example = '"registry.example.com/team/app:1.2" or "busybox", the repository in lower case'
        raise UsageError(f'"{image}" is not an image: it should be like {example}')
    return registry, repository
