"""Where an image comes from, and what it is called in one's own registry. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mooring.records.hub import HUB
from mooring.service.image_names import HUB_ALIASES, is_registry, split_name


@dataclass(frozen=True)
class Origin:
    """The registry that an image is taken from, and its repository there."""

    registry: str
    repository: str

    @property
    def target(self) -> str:
        """Its repository in one's own registry: the hub's path as it is, others behind their
        registry's name."""
        if self.registry == HUB:
            return self.repository
        return f"{self.registry.strip('[').replace(']', '').replace(':', '_')}/{self.repository}"

    def lies_in(self, namespace: str) -> bool:
        """Whether it is below a namespace, which without a registry is one of the hub's."""
        registry, path = split_name(namespace.strip("/"))
        return (registry or HUB) == self.registry and f"{self.repository}/".startswith(f"{path}/")


@dataclass(frozen=True)
class OwnNames:
    """The names of one's own registry, and those of its mirror, which show the upstreams' images.

    What is below `namespaces` (`acme`, `ghcr.io/acme`) is one's own too: no upstream is
    ever asked for it.
    """

    registries: frozenset[str]
    mirrors: frozenset[str] = frozenset()
    namespaces: tuple[str, ...] = ()

    @classmethod
    def of(cls, registries: Iterable[str], mirrors: Iterable[str] = (), namespaces: Iterable[str] = ()) -> OwnNames:
        return cls(frozenset(map(str.lower, registries)), frozenset(map(str.lower, mirrors)), tuple(namespaces))

    def find_origin(self, name: str) -> Origin | None:
        """Where an image with this canonical name comes from; None where it is one of one's own."""
        registry, repository = split_name(name)
        if registry in self.registries:
            return None
        if registry in self.mirrors:
            inner, rest = split_name(repository)
            registry, repository = (inner, rest) if is_registry(inner) else (HUB, repository)
        origin = Origin(HUB if registry in HUB_ALIASES else registry, repository)
        return None if any(map(origin.lies_in, self.namespaces)) else origin
