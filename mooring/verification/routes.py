"""The ways by which a client is set up to pull through the registry, from its variables. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mooring.errors import UsageError
from mooring.registry.addresses import ServerAddresses
from mooring.registry.transport import Endpoint

FULL_NAME, SHORT_NAME, MIRROR = "full name", "short name", "mirror"


@dataclass(frozen=True)
class Route:
    """One way to pull: what the engine is given, where it then asks, and under which repository.

    `registry` is the name that the client uses, as in its settings; the endpoint is where that
    leads. `hub` is what the engine wants in front of the short name of an image that it is to look
    for at Docker Hub.
    """

    kind: str
    registry: str
    endpoint: Endpoint
    prefix: str = ""
    hub: str = ""

    @property
    def label(self) -> str:
        """The column of the table."""
        return f"{self.kind} {self.registry}" if self.kind == FULL_NAME else self.kind

    def repository(self, name: str) -> str:
        """The repository that the engine asks the registry for."""
        return f"{self.prefix}{name}"

    def reference(self, name: str, tag: str) -> str:
        """What the engine is given to pull."""
        front = {FULL_NAME: f"{self.registry}/", MIRROR: self.hub}.get(self.kind, "")
        return f"{front}{name}:{tag}"


def endpoint_of(registry: str, server: ServerAddresses) -> Endpoint:
    """Where an engine asks for `host` or `host:port`: TLS first where the server has it."""
    host, _, port = registry.rpartition(":")
    if host and port.isdigit():
        is_tls = server.has_tls and int(port) != server.http_port
        return Endpoint(host, int(port), "https" if is_tls else "http")
    return Endpoint(registry, 443, "https") if server.has_tls else Endpoint(registry, 80, "http")


def endpoint_of_url(url: str) -> Endpoint:
    """A mirror's endpoint; UsageError where it is no `scheme://host[:port]`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"registry_client_mirrors: {url!r} must be scheme://host or scheme://host:port")
    return Endpoint(parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme], parts.scheme)


def plan_routes(
    variables: Mapping[str, Any], server: ServerAddresses, takes_short_names: bool, hub: str = ""
) -> list[Route]:
    """Every route of a client: by full name for each name it uses, by short name,
    through the mirror.

    Registries and mirrors that are not this server's are somebody else's: our images are not there.
    """
    names: Sequence[str] = variables["registry_client_names"]
    routes = [Route(FULL_NAME, name, endpoint_of(name, server)) for name in names]
    if takes_short_names:
        added = [name for name in variables["registry_client_add_registries"] if server.leads_here(name)]
        routes += [Route(SHORT_NAME, name, endpoint_of(name, server)) for name in added[:1]]
    for url in variables["registry_client_mirrors"]:
        endpoint = endpoint_of_url(url)
        if server.leads_here(endpoint.host):
            routes.append(Route(MIRROR, url, endpoint, "library/", hub))
            break
    return routes


def is_verified(route: Route, insecure: Sequence[str]) -> bool:
    """Whether the engine verifies the certificate on this route."""
    name = urlsplit(route.registry).netloc if route.kind == MIRROR else route.registry
    return name not in insecure
