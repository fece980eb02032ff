"""Which images a host has, by their canonical names, from what its engines say. Pure.

A host's words are foreign: what is no name, tag, digest or platform is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from itertools import product
from typing import Any, TypeVar

from mooring.registry import names
from mooring.service import image_names
from mooring.service.image_names import split_name

Key = TypeVar("Key", tuple[str, str, str], tuple[str, str])
# Of a name that no registry knows; an engine allows shorter ones.
LONGEST = 400
# Of the names and digests that one host may tell; nobody has so many.
MOST = 20_000


@dataclass(frozen=True)
class RegistryNames:
    """By what names the fleet's own registry is known: `own` are its doors to own images, `mirrors`
    to Docker Hub's."""

    own: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()

    def canonicalise(self, name: str) -> str:
        """The one name of an image, whatever door it came through; "" where it is no name."""
        registry, repository = split_name(image_names.canonicalise(name))
        if registry in self.mirrors:
            # Docker Hub's own, or another registry's with its name in front, as copies are kept.
            return image_names.canonicalise(repository)
        if registry in self.own:
            registry = self.own[0]
        return f"{registry}/{repository}" if registry else ""


@dataclass(frozen=True)
class Holdings:
    """What one host has: (name, tag, digest) or (ID, name) of each image, and whether a
    container of it runs.

    The tag, or the name of an ID, is "" where there is none. `problems` say which engines did not
    answer: then there may be more. `left_out` counts what is no name of an image.
    """

    host: str
    images: Mapping[tuple[str, str, str], bool]
    sourceless: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    _: KW_ONLY
    platforms: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    left_out: int = 0


class _Gathering:
    """The images of a host's engines, one after the other."""

    def __init__(self, registry: RegistryNames) -> None:
        self.registry = registry
        self.images: dict[tuple[str, str, str], bool] = {}
        self.sourceless: dict[tuple[str, str], bool] = {}
        self.left_out = 0

    def add(self, image: Mapping[str, Any]) -> None:
        """Take in one image with all its names."""
        digests = self._read_digests(image["digests"])
        tags = list(self._read_tags(image["tags"]))
        for name in digests:
            labels = [tag for known, tag, _ in tags if known == name] or [""]
            for tag, digest in product(labels, digests[name]):
                _note(self.images, (name, tag, digest), image["running"])
        unknown = [text for name, _, text in tags if name not in digests]
        if unknown or not digests:
            self._add_sourceless(image["id"], unknown, image["running"])

    def _read_digests(self, texts: Iterable[str]) -> dict[str, list[str]]:
        """The digests of each name."""
        digests: dict[str, list[str]] = {}
        for text in texts:
            bare, _, digest = text.partition("@")
            name = self.registry.canonicalise(bare)
            if name and image_names.is_digest(digest):
                digests.setdefault(name, []).append(digest)
            else:
                self.left_out += 1
        return digests

    def _read_tags(self, texts: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """(canonical name, tag, what the host calls it); a name that no registry could have is
        ""."""
        for text in texts:
            bare, _, tag = text.rpartition(":")
            name = self.registry.canonicalise(bare)
            if len(text) <= LONGEST and text.isascii() and text.isprintable() and " " not in text:
                yield (name, tag, text) if names.is_tag(tag) else ("", "", text)
            else:
                self.left_out += 1

    def _add_sourceless(self, identity: str, texts: list[str], is_running: bool) -> None:
        if not image_names.is_digest(identity):
            self.left_out += 1
            return
        for text in texts or [""]:
            _note(self.sourceless, (identity, text), is_running)


def _note(known: dict[Key, bool], key: Key, is_running: bool) -> None:
    """Keep whether an image runs; ValueError where a host tells of too many."""
    known[key] = known.get(key, False) or is_running
    if len(known) > MOST:
        raise ValueError(f"it tells of more than {MOST} names of images")


def read_holdings(host: str, reply: Mapping[str, Any], registry: RegistryNames) -> Holdings:
    """What the module container_images' reply means."""
    gathering = _Gathering(registry)
    for engine in reply["engines"]:
        for image in engine["images"]:
            gathering.add(image)
    platforms = {engine["platform"] for engine in reply["engines"]}
    return Holdings(
        host,
        gathering.images,
        gathering.sourceless,
        platforms=tuple(sorted(filter(image_names.is_platform, platforms))),
        engines=tuple(engine["name"] for engine in reply["engines"]),
        problems=tuple(reply["problems"]),
        left_out=gathering.left_out,
    )
