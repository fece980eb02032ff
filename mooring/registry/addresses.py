"""How a registry's server is entered, from the variables of its roles. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from mooring.certificates.names import strip_port
from mooring.errors import UsageError
from mooring.registry.transport import Endpoint
from mooring.templating.foreign import as_text

ANY = ("", "0.0.0.0", "::")


@dataclass(frozen=True)
class ServerAddresses:
    """Nginx's names, address and ports, the names of its mirror, and where the
    registry itself listens."""

    names: tuple[str, ...]
    address: str
    http_port: int
    https_port: int
    has_tls: bool
    redirects: bool = False
    _: KW_ONLY
    own_address: str = "127.0.0.1"
    own_port: int = 5000
    mirror_names: tuple[str, ...] = ()

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> ServerAddresses:
        """From the server's variables (roles nginx and hosts_file); UsageError where they are
        none."""
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
                mirror_names=tuple(strip_port(as_text(name)) for name in variables.get("mirror_names") or ()),
            )
        except (TypeError, ValueError) as error:
            raise UsageError(f"the server's names and ports are not to be understood: {error}") from None

    def endpoints(self) -> list[Endpoint]:
        """Every name by every scheme that answers the registry's API there."""
        endpoints = [] if self.redirects else [Endpoint(name, self.http_port, "http") for name in self.names]
        if self.has_tls:
            endpoints += [Endpoint(name, self.https_port, "https") for name in self.names]
        return endpoints

    @property
    def own(self) -> Endpoint:
        """The registry's own port, as the server itself reaches it."""
        return Endpoint("127.0.0.1" if self.own_address in ANY else self.own_address, self.own_port)

    def leads_here(self, registry: str) -> bool:
        """Whether `host` or `host:port` is this server, by name or address."""
        return registry.rpartition(":")[0] in self._hosts or registry in self._hosts

    @property
    def _hosts(self) -> set[str]:
        return {*self.names, *self.mirror_names, self.address} - {""}
