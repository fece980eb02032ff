"""Where an image comes from, and what it is called in one's own registry. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mooring.registry.names import LONGEST
from mooring.service.image_names import HUB, HUB_ALIASES, is_registry, split_name


@dataclass(frozen=True)
class Origin:
    """The registry that an image is taken from, and its repository there."""

    registry: str
    repository: str

    @property
    def target(self) -> str:
        """Its repository in one's own registry: the hub's path as it is, others behind their registry's name."""
        if self.registry == HUB:
            return self.repository
        return f"{self.registry.strip('[').replace(']', '').replace(':', '_')}/{self.repository}"

    @property
    def has_place(self) -> bool:
        """Whether its repository there is a name that a registry takes."""
        return len(self.target) <= LONGEST


@dataclass(frozen=True)
class OwnNames:
    """The names of one's own registry, and those of its mirror, which show the upstreams' images."""

    registries: frozenset[str]
    mirrors: frozenset[str]

    @classmethod
    def of(cls, registries: Iterable[str], mirrors: Iterable[str]) -> OwnNames:
        return cls(frozenset(map(str.lower, registries)), frozenset(map(str.lower, mirrors)))

    def find_origin(self, name: str) -> Origin | None:
        """Where an image with this canonical name comes from; None where it is one of one's own."""
        registry, repository = split_name(name)
        if registry in self.registries:
            return None
        if registry in self.mirrors:
            inner, rest = split_name(repository)
            if not inner or not is_registry(inner):
                return Origin(HUB, repository)
            registry, repository = inner, rest
        return Origin(HUB if registry in HUB_ALIASES else registry, repository)
