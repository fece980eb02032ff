"""Where a pull goes: the endpoints in order, how each is spoken to, and when the next one is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mooring.daemon.engine import Engine
from mooring.daemon.registries import HUB, Registries
from mooring.errors import UsageError

HUB_URL = "https://registry-1.docker.io"
CERTIFICATES = "/etc/docker/certs.d"
SYSTEM = "the system's authorities"
ANY_ERROR = "any error"
# source: `continueOnError` and `shouldV2Fallback` of 1.13.1; Docker's own asks no more since moby PR #35376 (17.12).
SOME_ERRORS = (
    "no connection, no registry's answer, UNAUTHORIZED, MANIFEST_UNKNOWN or NAME_UNKNOWN; "
    "DENIED and TOOMANYREQUESTS end the pull"
)
NO_TLS = "no TLS connection; an error that the registry itself sends over TLS ends the pull"


@dataclass(frozen=True)
class Endpoint:
    """One place that is asked for `repository`.

    `tls` is "verified", "unverified" or "none"; `trust` says whom a verified one trusts; `credentials` whose login
    is sent, where the user has it; `next_on` what makes the engine try the next one, empty at the end.
    """

    kind: str
    url: str
    repository: str
    tls: str
    trust: str
    credentials: str
    next_on: str = ""


@dataclass(frozen=True)
class Route:
    """All endpoints of a pull; `refusal` is what the engine says where there is none. `notes` are further facts."""

    endpoints: tuple[Endpoint, ...] = ()
    refusal: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Host:
    """What a route depends on; `certificates` are the file names below certs.d by registry, `files` texts by path."""

    engine: Engine
    registries: Registries
    certificates: Mapping[str, tuple[str, ...]]
    files: Mapping[str, str | None] = field(default_factory=dict)


def split_image(image: str) -> tuple[str, str]:
    """(registry or "", repository with its tag or digest); UsageError where this is no image's name."""
    first, slash, rest = image.partition("/")
    if not image or image != image.strip() or "://" in image or image.startswith(("/", "-")) or image.endswith("/"):
        raise UsageError(f'"{image}" is no image: it should be like "registry.example.com/team/app:1.2" or "busybox"')
    if slash and ("." in first or ":" in first or first == "localhost"):
        return (HUB if first == f"index.{HUB}" else first), rest
    return "", image


def explain(image: str, host: Host) -> Route:
    """The route of `docker pull IMAGE`."""
    registry, repository = split_image(image)
    if registry:
        candidates = [registry]
    elif host.engine.is_redhat:
        # Each added one is asked for the short name as it is, then Docker Hub.
        candidates = list(dict.fromkeys([*host.registries.added, HUB]))
        candidates = [one for one in candidates if not host.registries.blocks(one)]
    else:
        candidates = [HUB]
    found: list[Endpoint] = []
    for number, one in enumerate(candidates, 1):
        kind = "added registry" if not registry and one != HUB else "registry"
        endpoints = list(_endpoints(kind, one, repository, host))
        if number < len(candidates) and endpoints:
            endpoints[-1] = _with(endpoints[-1], ANY_ERROR)
        found += endpoints
    if not found:
        return Route(refusal="All endpoints blocked." if registry else "No default registry configured.")
    return Route(tuple(found), notes=tuple(_notes(candidates, host)))


def _endpoints(kind: str, registry: str, repository: str, host: Host) -> Iterator[Endpoint]:
    is_blocked = host.engine.is_redhat and host.registries.blocks(registry)
    if registry == HUB:
        bare = repository if "/" in repository else f"library/{repository}"
        # A mirror still serves docker.io/… where Docker Hub itself is blocked.
        mirrors = host.registries.mirrors
        for number, url in enumerate(mirrors, 1):
            is_last = is_blocked and number == len(mirrors)
            yield _mirror(url, bare, host, "" if is_last else _mirror_rule(host.engine))
        if not is_blocked:
            yield Endpoint("registry", HUB_URL, bare, "verified", SYSTEM, "Docker Hub's")
    elif not is_blocked:
        credentials = f"{registry}'s"
        if host.registries.is_insecure(registry):
            yield Endpoint(kind, f"https://{registry}", repository, "unverified", "", credentials, NO_TLS)
            yield Endpoint(kind, f"http://{registry}", repository, "none", "", credentials)
        else:
            trust = _trust(registry, host)
            yield Endpoint(kind, f"https://{registry}", repository, "verified", trust, credentials)


def _mirror(url: str, repository: str, host: Host, rule: str) -> Endpoint:
    """The user's login for Docker Hub goes to a mirror, the mirror's own never does (moby#42022, moby#30880)."""
    scheme, _, rest = url.partition("://")
    name = rest.partition("/")[0]
    if scheme == "http":
        return Endpoint("mirror", url, repository, "none", "", "Docker Hub's", rule)
    if host.registries.is_insecure(name):
        return Endpoint("mirror", url, repository, "unverified", "", "Docker Hub's", rule)
    # The containerd image store takes a mirror's TLS settings from Docker Hub's directory.
    directory = HUB if host.engine.has_containerd_store else name
    return Endpoint("mirror", url, repository, "verified", _trust(directory, host), "Docker Hub's", rule)


def _mirror_rule(engine: Engine) -> str:
    return ANY_ERROR if engine.is_at_least(17, 12) else SOME_ERRORS


def _trust(registry: str, host: Host) -> str:
    """Whom the engine trusts for a registry: *.crt are authorities, *.cert is shown as the client's own."""
    names = host.certificates.get(registry, ())
    files = [f"{CERTIFICATES}/{registry}/{name}" for name in names if name.endswith(".crt")]
    own = [f"{CERTIFICATES}/{registry}/{name}" for name in names if name.endswith(".cert")]
    text = " and ".join([SYSTEM, *files])
    return f"{text}; shows {', '.join(own)}" if own else text


def _with(endpoint: Endpoint, rule: str) -> Endpoint:
    return Endpoint(
        endpoint.kind, endpoint.url, endpoint.repository, endpoint.tls, endpoint.trust, endpoint.credentials, rule
    )


def _notes(candidates: list[str], host: Host) -> Iterator[str]:
    known = host.registries
    for name in candidates:
        if name != HUB and known.networks() and not known.is_insecure(name):
            networks = ", ".join(known.networks())
            yield f"if {name} resolves to an address in {networks}, it counts as insecure"
        if host.engine.has_containerd_store and "hosts.toml" in host.certificates.get(name, ()):
            yield f"with several hosts in {CERTIFICATES}/{name}/hosts.toml only that file counts"
    if host.engine.has_containerd_store and known.insecure:
        yield "with the containerd image store insecure registries are reported to be ignored (docker/cli#6748)"
