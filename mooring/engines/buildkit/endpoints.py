"""Where a build pulls its images from (source: moby/buildkit, util/resolver)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mooring.engines.buildkit.buildkitd_toml import DEFAULT, Effective, Registry
from mooring.engines.docker.registries import Registries
from mooring.engines.route import ANY_ERROR, SYSTEM, split_image
from mooring.records.hub import HUB, HUB_URL
from mooring.records.route import Endpoint, Route

NO_TLS = "an answer without TLS"
BUILDERS = "a builder that exists keeps the settings that it was made with; `docker buildx inspect` shows them"


def explain(image: str, effective: Effective) -> Route:
    """The route of `FROM IMAGE`."""
    registry, repository = split_image(image)
    registry = registry or HUB
    if registry == HUB and "/" not in repository:
        repository = f"library/{repository}"
    endpoints: list[Endpoint] = []
    for mirror in effective.registry(registry).mirrors:
        host, slash, path = mirror.partition("/")
        endpoints += _attempts("mirror", host, f"{path}/{repository}" if slash and path else repository, effective)
    endpoints += _attempts("registry", registry, repository, effective)
    endpoints = [endpoint if endpoint.next_on else replace(endpoint, next_on=ANY_ERROR) for endpoint in endpoints]
    endpoints[-1] = replace(endpoints[-1], next_on="")
    return Route(tuple(endpoints), notes=(BUILDERS,) if effective.file.path == DEFAULT else ())


def _attempts(kind: str, host: str, repository: str, effective: Effective) -> Iterator[Endpoint]:
    """One host's URLs (source: `fillInsecureOpts`): a mirror has the settings of the
    registry of its name."""
    settings = effective.registry(host)
    bare = HUB_URL if host == HUB else f"https://{host}"
    plain = settings.http if settings.http is not None else _is_local(host)
    credentials = "Docker Hub's" if host == HUB else f"{host}'s"
    secure = Endpoint(kind, bare, repository, "verified", _trust(settings), credentials)
    http = replace(secure, url=bare.replace("https:", "http:"), tls="none", trust="")
    if settings.insecure:
        unverified = replace(secure, tls="unverified", trust="")
        yield replace(unverified, next_on=NO_TLS) if plain else unverified
    if plain:
        yield http
    elif not settings.insecure:
        yield secure


def _is_local(host: str) -> bool:
    return Registries().is_insecure(host)


def _trust(settings: Registry) -> str:
    text = " and ".join([SYSTEM, *settings.authorities])
    return f"{text}; shows {', '.join(settings.client)}" if settings.client else text
