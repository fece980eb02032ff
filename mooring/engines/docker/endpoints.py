"""Where a pull goes: the endpoints in order, how each is spoken to, and when the next one is
tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mooring.engines.containerd import hosts_toml
from mooring.engines.containerd.endpoints import attempts, of_folder
from mooring.engines.docker import mirror_answers, mirrors, old_protocol, registry_names, signatures
from mooring.engines.docker.conflicts import POLICY
from mooring.engines.docker.engine import Engine
from mooring.engines.docker.image_store import has_hosts_files, has_port, is_old
from mooring.engines.docker.old_protocol import ENDS
from mooring.engines.docker.registries import Registries
from mooring.engines.route import ANY_ERROR, SYSTEM, split_image
from mooring.engines.texts import CONTAINERD, ContainerEngine
from mooring.records.hub import HUB, HUB_URL
from mooring.records.route import Endpoint, Route

CERTIFICATES = "/etc/docker/certs.d"
# docker's containerd image store reads hosts.toml by containerd's own code, that of 2.x since
# docker 28.
STORE = ContainerEngine(CONTAINERD, (2,))
GOES_ON = "leads to the next registry"
SOME_ERRORS = mirror_answers.tell()
# Of networks, in a sentence about each registry.
NAMED = 20
NO_POLICY = f"Signatures are verified, and there is no {POLICY} to do so by, so no pull works."
NO_REGISTRY = "No default registry configured."
NO_TLS = f"no TLS connection; an error that the registry itself sends over TLS {ENDS}"
MANIFEST = "manifest"
KNOWN = "the image's manifest, which signatures are verified by; where there is none, no mirror is asked, and no layer"


@dataclass(frozen=True)
class Host:
    """What a route depends on; `certificates` are the file names below certs.d by registry, `files`
    texts by path."""

    engine: Engine
    registries: Registries
    certificates: Mapping[str, tuple[str, ...]]
    files: Mapping[str, str | None] = field(default_factory=dict)


def explain(image: str, host: Host) -> Route:
    """The route of `docker pull IMAGE`."""
    registry, repository = split_image(image)
    if host.registries.verifies_signatures and signatures.lacks_policy(host.files):
        return Route(refusal=NO_POLICY)
    if registry:
        candidates = [registry]
    elif host.engine.is_redhat:
        candidates = host.registries.short_names()  # each is asked for the short name as it is
    else:
        candidates = [HUB]
    route: list[Endpoint] = []
    for number, candidate in enumerate(candidates, 1):
        kind = "added registry" if not registry and candidate != HUB else "registry"
        endpoints = list(_endpoints(kind, candidate, repository, host))
        route += _with_next(endpoints) if number < len(candidates) else endpoints
    if not route:
        obstacle = next((text for text in (_obstacle(candidate, host) for candidate in candidates) if text), "")
        return Route(refusal=obstacle or ("All endpoints blocked." if candidates else _no_registry(host)))
    return Route(tuple(route), notes=tuple(_notes(candidates, host)))


def _with_next(endpoints: list[Endpoint]) -> list[Endpoint]:
    """A registry's endpoints where another registry is asked after it: whatever ends this one's
    pull leads there."""
    others = [replace(endpoint, next_on=endpoint.next_on.replace(ENDS, GOES_ON)) for endpoint in endpoints]
    return [*others[:-1], *(replace(endpoint, next_on=ANY_ERROR) for endpoint in others[-1:])]


def _no_registry(host: Host) -> str:
    """Why nobody is asked for a short name."""
    first = host.registries.unusable_first
    if not first:
        return NO_REGISTRY  # also what an empty one leads to
    problem = registry_names.find_problem(first)
    return f'The first added registry "{first}" {problem}, so nobody is asked for a short name.'


def _endpoints(kind: str, registry: str, repository: str, host: Host) -> Iterator[Endpoint]:
    hosts = _hosts(registry, host)
    if len(hosts) > 1 or any(tree.url not in ("", HUB_URL, f"https://{registry}") for tree in hosts):
        # With several hosts that file alone counts (source: `mergeLegacyConfig`).
        yield from _by_hosts(registry, repository, hosts)
    elif _obstacle(registry, host):
        return
    elif registry == HUB:
        yield from _hub(repository if "/" in repository else f"library/{repository}", host)
    elif not _blocks(registry, host):
        endpoints = _of_registry(kind, registry, repository, host)
        has_old = old_protocol.is_asked(host.engine, host.registries, repository)
        yield from old_protocol.with_old(list(endpoints)) if has_old else endpoints


def _of_registry(kind: str, registry: str, repository: str, host: Host) -> Iterator[Endpoint]:
    credentials = f"{registry}'s"
    if host.registries.is_insecure(registry):
        yield from _insecure(kind, registry, repository, host.engine, credentials)
    else:
        trust = _trust(registry, host)
        yield Endpoint(kind, f"https://{registry}", repository, "verified", trust, credentials)


def _hub(repository: str, host: Host) -> Iterator[Endpoint]:
    """The mirrors, then Docker Hub. Each host is blocked for itself: a mirror still serves
    docker.io/… where Docker Hub is blocked, but not where all are. Where signatures are verified
    Docker Hub is asked before (signatures.py)."""
    urls = [url for url in host.registries.mirrors if not _blocks(_name(url), host)]
    is_blocked = _blocks(HUB, host)
    if urls and host.registries.verifies_signatures:
        yield Endpoint(MANIFEST, HUB_URL, repository, "verified", SYSTEM, "Docker Hub's", next_on=KNOWN)
    for number, url in enumerate(urls, 1):
        is_last = is_blocked and number == len(urls)
        yield from _mirror(url, repository, host, "" if is_last else _mirror_rule(host.engine))
    if not is_blocked:
        yield Endpoint("registry", HUB_URL, repository, "verified", SYSTEM, "Docker Hub's")


def _blocks(name: str, host: Host) -> bool:
    return not host.registries.is_v2_only and host.registries.blocks(name)


def _obstacle(registry: str, host: Host) -> str:
    """Why nobody at all is asked for the registry's images: each endpoint is prepared before the
    first one is asked (source: `lookupV2Endpoints`), and a mirror that is not a URL or a client
    certificate without its key ends that."""
    names = [registry]
    for url in host.registries.mirrors if registry == HUB else ():
        if mirrors.parse(url, host.engine) is None:
            return f'The mirror "{url}" is not a URL, so nobody is asked for images of Docker Hub.'
        names.append(_name(url))
    for name in names if not host.engine.has_containerd_store else ():
        lone = lone_files(host.certificates.get(name, ()))
        if lone and name != HUB and not host.registries.is_insecure(name):
            return f"{CERTIFICATES}/{name}/{lone[0]} lacks the other half of its pair, so nobody is asked."
    return ""


def lone_files(names: tuple[str, ...]) -> list[str]:
    """Client certificates without a key, and keys without a certificate (source:
    `ReadCertsDirectory`)."""
    other = {".cert": ".key", ".key": ".cert"}
    pairs, there = [(name, *name.rpartition(".")[::2]) for name in names], set(names)
    return [name for name, stem, end in pairs if f".{end}" in other and stem + other[f".{end}"] not in there]


def _name(url: str) -> str:
    """host[:port] of a mirror."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _hosts(registry: str, host: Host) -> tuple[hosts_toml.Host, ...]:
    """What the registry's hosts.toml says, where the engine reads it: with the
    containerd image store."""
    text = host.files.get(f"{CERTIFICATES}/{registry}/{hosts_toml.NAME}")
    if not (text and has_hosts_files(host.engine)):
        return ()
    return of_folder(f"{CERTIFICATES}/{registry}", host.certificates.get(registry, ()), text)


def _by_hosts(registry: str, repository: str, hosts: tuple[hosts_toml.Host, ...]) -> Iterator[Endpoint]:
    """The hosts in their order; each is sent the login of the registry that the image's name
    has."""
    bare = f"library/{repository}" if registry == HUB and "/" not in repository else repository
    credentials = "Docker Hub's" if registry == HUB else f"{registry}'s"
    tries = list(attempts(registry, bare, hosts, STORE, credentials))
    for number, endpoint in enumerate(tries, 1):
        yield endpoint if endpoint.next_on else replace(endpoint, next_on=ANY_ERROR if number < len(tries) else "")


def _insecure(kind: str, name: str, repository: str, engine: Engine, login: str, rule: str = "") -> Iterator[Endpoint]:
    """HTTPS without verification, then HTTP, where the engine goes on to that."""
    is_alone = is_old(engine) and not has_port(name)
    yield Endpoint(kind, f"https://{name}", repository, "unverified", "", login, next_on=rule if is_alone else NO_TLS)
    if not is_alone:
        yield Endpoint(kind, f"http://{name}", repository, "none", "", login, next_on=rule)


def _mirror(url: str, repository: str, host: Host, rule: str) -> Iterator[Endpoint]:
    """The user's login for Docker Hub goes to a mirror, the mirror's own never does (moby#42022,
    moby#30880)."""
    scheme, name, login = url.partition("://")[0], _name(url), "Docker Hub's"
    if is_old(host.engine) and name in host.registries.insecure:
        yield from _insecure("mirror", name, repository, host.engine, login, rule)
    elif is_old(host.engine):  # without regard to the scheme; insecure networks do not count for mirrors either
        yield Endpoint("mirror", f"https://{name}", repository, "verified", _trust(name, host), login, next_on=rule)
    elif scheme == "http":
        yield Endpoint("mirror", url, repository, "none", "", login, next_on=rule)
    elif host.registries.is_insecure(name):
        yield Endpoint("mirror", url, repository, "unverified", "", login, next_on=rule)
    else:
        # The containerd image store takes a mirror's TLS settings from Docker Hub's directory.
        directory = HUB if host.engine.has_containerd_store else name
        yield Endpoint("mirror", url, repository, "verified", _trust(directory, host), login, next_on=rule)


def _mirror_rule(engine: Engine) -> str:
    return ANY_ERROR if engine.is_at_least(17, 12) else SOME_ERRORS


def _trust(registry: str, host: Host) -> str:
    """Whom the engine trusts for a registry: *.crt are authorities, *.cert is shown
    as the client's own."""
    names = host.certificates.get(registry, ())
    hosts = _hosts(registry, host) or (hosts_toml.from_certificates(f"{CERTIFICATES}/{registry}", names),)
    files, own = hosts[-1].authorities, hosts[-1].client
    text = " and ".join([SYSTEM, *files])
    return f"{text}; shows {', '.join(own)}" if own else text


def _notes(candidates: list[str], host: Host) -> Iterator[str]:
    known = host.registries
    networks = ", ".join(known.networks[:NAMED])
    if len(known.networks) > NAMED:
        networks += f" or one of {len(known.networks) - NAMED} more"
    for name in candidates:
        if name != HUB and known.networks and not known.is_insecure(name):
            yield f"if {name} resolves to an address in {networks}, it counts as insecure"
        if has_hosts_files(host.engine) and "hosts.toml" in host.certificates.get(name, ()):
            path = f"{CERTIFICATES}/{name}/{hosts_toml.NAME}"
            tree = hosts_toml.parse(host.files[path] or "", path) if host.files.get(path) else None
            if tree is not None and tree.error:
                yield f"{path} does not count: {tree.error}"
            elif tree is not None and len(tree.hosts) > 1:
                yield f"{path} names several hosts, so registry-mirrors and insecure-registries do not count here"
            elif tree is None:
                yield f"with several hosts in {path} only that file counts"
    if host.engine.has_containerd_store and known.insecure and host.engine.is_at_least(29):
        yield "with the containerd image store insecure registries are reported to be ignored (docker/cli#6748)"
