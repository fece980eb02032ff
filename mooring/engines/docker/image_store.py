"""The containerd image store before docker 28: every host is asked by HTTPS, whatever a
mirror's URL says.

Tried with docker 26.1.5, and read in its source (`RegistryHosts` of daemon.go, BuildKit's
resolver): plain HTTP is spoken only at a port that stands behind the name of an insecure registry.
Certificates are those of each host's own folder below certs.d, and hosts.toml is not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.engines.docker.engine import Engine
from mooring.engines.docker.registries import is_network


def is_old(engine: Engine) -> bool:
    """Whether the engine is one with that store."""
    return engine.has_containerd_store and not engine.is_at_least(28)


def has_hosts_files(engine: Engine) -> bool:
    """Whether the engine reads hosts.toml below certs.d."""
    return engine.has_containerd_store and engine.is_at_least(28)


def has_port(name: str) -> bool:
    """Whether host[:port] says a port."""
    return name.rpartition(":")[2].isdigit()


def find_unheard(engine: Engine, mirrors: tuple[str, ...], insecure: tuple[str, ...]) -> Iterator[str]:
    """Where that store needs to be told otherwise: what these mirrors and insecure registries are
    not asked by."""
    if not is_old(engine):
        return
    asks = f"{engine} with the containerd image store asks"
    for url in mirrors:
        scheme, _, name = url.partition("://")
        if scheme == "http" and not has_port(name):
            yield f"{asks} {url} by HTTPS; for HTTP write http://{name}:80, and {name}:80 among the insecure registries"
        elif scheme == "http" and name not in insecure:
            yield f"{asks} {url} by HTTPS; for HTTP write {name} among the insecure registries too"
    for name in insecure:
        if not has_port(name) and not is_network(name):
            yield f"{asks} {name} by HTTPS alone; where it speaks HTTP, pull from {name}:80 and make that one insecure"
