"""What an image is called: `registry/repository`, one name whatever the engine or
the mirror calls it.

Pure. Names come from hosts and from the operator's files: what is none is told so, never repaired.
"""

from __future__ import annotations

import re

from mooring.records.hub import HUB, HUB_HOST, HUB_INDEX
from mooring.registry import names

# What is served under these names is Docker Hub's as well.
HUB_ALIASES = (HUB, HUB_INDEX, HUB_HOST)
OFFICIAL = "library"
# In a name's first part these mean that it is a registry; see `distribution/reference`.
LOCAL = "localhost"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:]+\])(?::[0-9]{{1,5}})?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")
LONGEST_REGISTRY = 260


def is_registry(text: str) -> bool:
    """Whether a name's first part is a registry's canonical name: lower case, with a dot or a port,
    or localhost."""
    marked = "." in text or ":" in text or text == LOCAL
    return marked and len(text) <= LONGEST_REGISTRY and _REGISTRY.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether it is a digest that can be checked: sha256 or sha512 with all its digits."""
    return _DIGEST.fullmatch(text) is not None


def is_platform(text: str) -> bool:
    """Whether it is a platform as image indexes name them: `linux/amd64`, `linux/arm/v7`."""
    return _PLATFORM.fullmatch(text) is not None


def split_name(name: str) -> tuple[str, str]:
    """The registry and the repository of a name; ("", name) where it names no registry."""
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == LOCAL):
        return first, rest
    return "", name


def canonicalise(name: str) -> str:
    """The name with its registry, as docker understands it: `nginx` is `docker.io/library/nginx`;
    "" where it is none.

    The name has neither tag nor digest.
    """
    registry, repository = split_name(name)
    registry = registry.lower() or HUB
    if registry in HUB_ALIASES:
        registry = HUB
        repository = repository if "/" in repository else f"{OFFICIAL}/{repository}"
    return f"{registry}/{repository}" if is_registry(registry) and names.is_repository(repository) else ""


def explain_name(name: str) -> tuple[str, str]:
    """Why this is no canonical name, and what to write instead; ("", "") where it is one."""
    canonical = canonicalise(name)
    if canonical == name:
        return "", ""
    if canonical:
        return f'"{name}" is not an image\'s whole name', f'write "{canonical}"'
    bare, _, tag = name.rpartition(":")
    if "@" in name:
        return f'"{name}" holds a digest', 'write it as "digest"'
    if canonicalise(bare) and names.is_tag(tag):
        return f'"{name}" holds a tag', f'write "{canonicalise(bare)}", and the tag as "tag"'
    return f'"{name}" is no image\'s name', "write registry/repository, such as docker.io/library/nginx"
