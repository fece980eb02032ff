"""What a server does with a pull, from the variables of its roles: as its nginx decides it.
Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mooring.certificates.names import strip_port
from mooring.errors import UsageError
from mooring.records.hub import HUB
from mooring.records.mirror import ServerStep
from mooring.templating.foreign import as_text
from mooring.templating.mirror_upstreams import find_problems, plan_caches

OWN, CACHE, UPSTREAM, END = "own", "cache", "upstream", "end"
CONTAINER = "mooring-mirror-"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HUB_NAME = "Docker Hub"


@dataclass(frozen=True)
class Copy:
    """Whether one's own registry has an image; None where it was not asked, and `reason` says
    why."""

    is_there: bool | None = None
    reason: str = ""


UNASKED = Copy()


@dataclass(frozen=True)
class MirrorSetting:
    """A server's doors and what is behind them: `caches` as `plan_caches` has them."""

    registry_names: tuple[str, ...]
    mirror_names: tuple[str, ...]
    caches: tuple[Mapping[str, Any], ...]
    own_namespaces: tuple[str, ...]
    ports: frozenset[int] = frozenset(_DEFAULT_PORTS.values())

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> MirrorSetting:
        """From the server's variables (roles nginx and mirror); UsageError where they are none."""
        upstreams = variables.get("mirror_upstreams") or []
        problem = next(find_problems(upstreams), "")
        if problem:
            raise UsageError(f"mirror_upstreams: {problem}")
        try:
            registries, mirrors = (
                tuple(map(as_text, variables.get(key) or ())) for key in ("nginx_server_names", "mirror_names")
            )
            return cls(
                registries,
                mirrors,
                tuple(plan_caches(upstreams)),
                tuple(map(as_text, variables.get("mirror_own_namespaces") or ())),
                frozenset(
                    (
                        *_DEFAULT_PORTS.values(),
                        int(variables["nginx_http_port"]),
                        int(variables["nginx_https_port"]),
                        *(int(name.rpartition(":")[2]) for name in (*registries, *mirrors) if ":" in name),
                    )
                ),
            )
        except (TypeError, ValueError) as error:
            raise UsageError(f"the server's names and ports are not to be understood: {error}") from None

    def is_door(self, url: str, names: Iterable[str]) -> bool:
        """Whether the URL leads to one of these names at a port of the server's."""
        try:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        except ValueError:
            return False
        # The old protocol has a path; nginx closes it.
        is_ours = port in self.ports and not parts.path.strip("/")
        return is_ours and parts.hostname in {strip_port(name).lower() for name in names}

    def own_repository(self, url: str, repository: str, namespace: str = "") -> str:
        """What such a request means among one's own images; "" where the URL leads to none of the
        server's names.

        `namespace` is the ?ns= of the request.
        """
        if self.is_door(url, self.registry_names):
            return repository
        if not self.is_door(url, self.mirror_names):
            return ""
        return f"{self._own_prefix(namespace)}{repository.removeprefix(f'{HUB}/')}"

    def list_steps(self, url: str, repository: str, namespace: str = "", copy: Copy = UNASKED) -> list[ServerStep]:
        """The server's steps in order; none where the URL leads to none of its names.

        `repository` has neither tag nor digest; `copy` is what the registry says of
        `own_repository`.
        """
        own = self.own_repository(url, repository, namespace)
        if not own:
            return []
        if not self.is_door(url, self.mirror_names):
            return [_own_step(own, copy), ServerStep(END, "own images only; nothing falls through")]
        if copy.is_there:
            cache = self._find_cache(own, repository, namespace)
            name = _name(cache["registry"]) if cache else ""
            shadowed = f"; {name}'s is not asked" if name else ""
            return [_own_step(own, copy), ServerStep(END, f"the own copy answers{shadowed}")]
        return [_own_step(own, copy), *self._outer_steps(own, repository, namespace)]

    def covers(self, own: str) -> str:
        """The one of `mirror_own_namespaces` that a repository of one's own lies in, or ""."""
        for namespace in self.own_namespaces:
            bare = namespace.removeprefix(f"{HUB}/")
            if own == bare or own.startswith(f"{bare}/"):
                return namespace
        return ""

    def _outer_steps(self, own: str, repository: str, namespace: str) -> Iterator[ServerStep]:
        """What comes after one's own images."""
        covering = self.covers(own)
        if covering:
            yield ServerStep(END, f"{covering} is in mirror_own_namespaces: no upstream is asked; answers 404")
            return
        cache = self._find_cache(own, repository, namespace)
        if cache is None:
            registry = namespace or repository.partition("/")[0]
            registry = registry if re.search("[.:]", registry) else HUB
            yield ServerStep(END, f"{registry} is no upstream of the mirror: answers 404, and the client goes on")
            return
        inner = repository.removeprefix(f"{HUB}/")
        if not namespace and cache["prefix"]:
            inner = inner.removeprefix(f"{cache['prefix']}/")
        name = f"{CONTAINER}{cache['slug']}"
        yield ServerStep(CACHE, f"the cache of {_name(cache['registry'])} ({name}), as {inner}", repository=inner)
        urls = tuple(address["url"] for address in cache["addresses"])
        text = f"{_name(cache['registry'])} at {', then '.join(urls)}, through the gate"
        yield ServerStep(UPSTREAM, text, repository=inner, urls=urls)
        yield ServerStep(END, "answers 404 or 5xx where nobody has it, and the client goes on")

    def _find_cache(self, own: str, repository: str, namespace: str) -> Mapping[str, Any] | None:
        """The cache that is asked for what one's own registry lacks; None where there is none."""
        if self.covers(own):
            return None
        if namespace:
            return next((cache for cache in self.caches if namespace in cache["namespaces"]), None)
        prefixed = (cache for cache in self.caches if cache["prefix"] and repository.startswith(f"{cache['prefix']}/"))
        hub = next((cache for cache in self.caches if cache["registry"] == HUB), None)
        first = repository.partition("/")[0]
        is_foreign = "/" in repository and first != HUB and bool(re.search("[.:]", first))
        return next(prefixed, None if is_foreign else hub)

    def _own_prefix(self, namespace: str) -> str:
        """What stands before the images of a ?ns= among one's own."""
        for cache in self.caches:
            if namespace in cache["namespaces"]:
                return f"{cache['prefix']}/" if cache["prefix"] else ""
        return f"{namespace.replace(':', '_')}/" if namespace and namespace != HUB else ""


def split_reference(text: str) -> tuple[str, str]:
    """(repository, digest or tag) of a repository as routes have it; the tag is latest
    where there is none."""
    name, _, digest = text.partition("@")
    repository, _, tag = name.rpartition(":")
    return (repository or name), digest or (tag if repository else "latest")


def _own_step(own: str, copy: Copy) -> ServerStep:
    words = {True: ": it is there", False: ": not there", None: f": not asked ({copy.reason})" if copy.reason else ""}
    return ServerStep(OWN, f"own images, as {own}{words[copy.is_there]}", repository=own, is_there=copy.is_there)


def _name(registry: str) -> str:
    return _HUB_NAME if registry == HUB else registry
