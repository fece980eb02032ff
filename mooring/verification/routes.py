"""The ways by which a client is set up to pull through the registry, from its variables. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mooring.errors import UsageError
from mooring.registry.transport import Endpoint
from mooring.templating.foreign import as_text

ANY = ("", "0.0.0.0", "::")
FULL_NAME, SHORT_NAME, MIRROR = "full name", "short name", "mirror"


@dataclass(frozen=True)
class Route:
    """One way to pull: what the engine is given, where it then asks, and under which repository.

    `registry` is the name that the client uses, as in its settings; the endpoint is where that leads. `hub` is what
    the engine wants in front of the short name of an image that it is to look for at Docker Hub.
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


@dataclass(frozen=True)
class Door:
    """How the server is entered: nginx's names, address and ports; and where the registry itself listens."""

    names: tuple[str, ...]
    address: str
    http_port: int
    https_port: int
    has_tls: bool
    redirects: bool = False
    own_address: str = "127.0.0.1"
    own_port: int = 5000

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> Door:
        """From the server's variables (roles nginx and hosts_file); UsageError where they are none."""
        try:
            return cls(
                names=tuple(map(as_text, variables["nginx_server_names"])),
                address=as_text(variables["registry_server_address"] or ""),
                http_port=int(variables["nginx_http_port"]),
                https_port=int(variables["nginx_https_port"]),
                has_tls=bool(variables["nginx_tls_certificate"]),
                redirects=bool(variables["nginx_redirect_to_https"]),
                own_address=str(variables["registry_publish_address"]),
                own_port=int(variables["registry_port"]),
            )
        except (TypeError, ValueError) as error:
            raise UsageError(f"the server's names and ports are not to be understood: {error}") from None

    def endpoints(self) -> list[Endpoint]:
        """Every name by every scheme that answers the registry's API there."""
        found = [] if self.redirects else [Endpoint(name, self.http_port, "http") for name in self.names]
        if self.has_tls:
            found += [Endpoint(name, self.https_port, "https") for name in self.names]
        return found

    @property
    def own(self) -> Endpoint:
        """The registry's own port, as the server itself reaches it."""
        return Endpoint("127.0.0.1" if self.own_address in ANY else self.own_address, self.own_port)

    def leads_here(self, registry: str) -> bool:
        """Whether `host` or `host:port` is this server, by name or address."""
        return registry.rpartition(":")[0] in self._hosts or registry in self._hosts

    @property
    def _hosts(self) -> set[str]:
        return {*self.names, self.address} - {""}


def endpoint_of(registry: str, door: Door) -> Endpoint:
    """Where an engine asks for `host` or `host:port`: TLS first where the server has it."""
    host, _, port = registry.rpartition(":")
    if host and port.isdigit():
        is_tls = door.has_tls and int(port) != door.http_port
        return Endpoint(host, int(port), "https" if is_tls else "http")
    return Endpoint(registry, 443, "https") if door.has_tls else Endpoint(registry, 80, "http")


def endpoint_of_url(url: str) -> Endpoint:
    """A mirror's endpoint; UsageError where it is no `scheme://host[:port]`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"registry_client_mirrors: {url!r} must be scheme://host or scheme://host:port")
    return Endpoint(parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme], parts.scheme)


def plan_routes(variables: Mapping[str, Any], door: Door, takes_short_names: bool, hub: str = "") -> list[Route]:
    """Every route of a client: by full name for each name it uses, by short name, through the mirror.

    Registries and mirrors that are not this server's are somebody else's: our images are not there.
    """
    names: Sequence[str] = variables["registry_client_names"]
    routes = [Route(FULL_NAME, name, endpoint_of(name, door)) for name in names]
    if takes_short_names:
        added = [name for name in variables["registry_client_add_registries"] if door.leads_here(name)]
        routes += [Route(SHORT_NAME, name, endpoint_of(name, door)) for name in added[:1]]
    for url in variables["registry_client_mirrors"]:
        endpoint = endpoint_of_url(url)
        if door.leads_here(endpoint.host):
            routes.append(Route(MIRROR, url, endpoint, "library/", hub))
            break
    return routes


def is_verified(route: Route, insecure: Sequence[str]) -> bool:
    """Whether the engine verifies the certificate on this route."""
    name = urlsplit(route.registry).netloc if route.kind == MIRROR else route.registry
    return name not in insecure
