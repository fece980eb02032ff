"""Where podman or CRI-O pull an image from: candidates, their mirrors in order, and the rule
between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from mooring.engines.docker.conflicts import POLICY
from mooring.engines.docker.endpoints import lone_files
from mooring.engines.origin import Origin
from mooring.engines.podman import crio
from mooring.engines.podman.conflicts import CERTIFICATES, lacks_policy
from mooring.engines.podman.effective import Effective, match
from mooring.engines.podman.registries_conf import Registry, clean
from mooring.engines.podman.value_rules import TRIMS
from mooring.engines.route import ANY_ERROR, SYSTEM, split_image
from mooring.engines.texts import CRIO
from mooring.records.hub import HUB, HUB_URL
from mooring.records.route import Endpoint, Route

NO_TLS = "no TLS connection"
# source: `newImageSource`; podman#20374, cri-o#5450
MIRROR_RULE = f"{ANY_ERROR} while its manifest is read; once a mirror has sent that, what it lacks later ends the pull"
# Repository, tag and digest, as far as a wrong rewrite shows.
NAME = re.compile(r"[a-z0-9._-]+(?:/[a-z0-9._-]+)*(?::[A-Za-z0-9_.-]+)?(?:@[a-z0-9:]+)?")
UNKNOWN = Registry("", "", Origin("the engine's default"))


def explain(image: str, effective: Effective) -> Route:
    """The route of `podman pull IMAGE`."""
    registry, repository = split_image(image)
    if lacks_policy(effective):
        return Route(refusal=f"there is no {POLICY}, without which every pull fails")
    if registry:
        return _route([_normal(registry, repository)], effective, [])
    name, tag = _split_tag(repository)
    alias = effective.aliases.get(name)
    if alias is not None and alias.text:
        target, _, rest = alias.text.partition("/")
        notes = [f'"{name}" is an alias of {alias.text} ({alias.origin})']
        return _route([_normal(target, rest + tag)], effective, notes)
    hosts = [entry.text for entry in effective.search]
    if not hosts:
        where = effective.main if effective.files else "any registries.conf"
        return Route(refusal=f'"{name}" is not an alias, and {where} sets no unqualified-search-registries')
    if effective.mode.text == "enforcing" and len(hosts) > 1:
        return Route(
            refusal="short-name-mode is enforcing, and there are several registries to search: "
            "without a terminal the pull fails, with one the user chooses"
        )
    notes = ["on a terminal the user chooses the registry first"] if _asks(effective, hosts) else []
    return _route([_normal(host, repository) for host in hosts], effective, notes)


def _asks(effective: Effective, hosts: list[str]) -> bool:
    return len(hosts) > 1 and effective.mode.text == "permissive" and effective.engine.name != CRIO


def _normal(registry: str, repository: str) -> str:
    """The full name; official images of Docker Hub are below library/."""
    if registry == HUB and "/" not in repository:
        repository = f"library/{repository}"
    return f"{registry}/{repository}"


def _route(names: list[str], effective: Effective, notes: list[str]) -> Route:
    route: list[Endpoint] = []
    refusals: list[str] = []
    for name in names:
        wrong = [target for _, target, _ in _targets(name, effective) if not NAME.fullmatch(target.partition("/")[2])]
        endpoints = list(_sources(name, effective))
        if wrong:
            refusals.append(f"rewriting reference: {wrong[0]} is not a name")
            continue
        halves = list(_halves(name, effective))
        if not endpoints:
            registry = effective.find(_bare(name))
            refusals.append(halves[0] if halves else f"{registry.prefix if registry else name} is blocked")
        elif route:
            route[-1] = replace(route[-1], next_on=ANY_ERROR)
        route += endpoints
        notes = [*notes, *halves, *_notes(name, effective)]
    if not route:
        return Route(refusal="; ".join(refusals), notes=tuple(notes))
    return Route(tuple(route), notes=tuple(notes))


def _sources(name: str, effective: Effective) -> Iterator[Endpoint]:
    """The mirrors that serve this kind of name, then the registry itself, unless it is blocked."""
    targets = [
        source
        for source in _targets(name, effective)
        if not (_is_blocked(source[1], effective) or _find_half(source[1].partition("/")[0], effective))
    ]
    for number, (kind, target, insecure) in enumerate(targets, 1):
        yield from _attempts(kind, target, insecure, MIRROR_RULE if number < len(targets) else "", effective)


def _targets(name: str, effective: Effective) -> Iterator[tuple[str, str, bool]]:
    """(kind, the name that is really asked for, whether it is insecure)."""
    registry = effective.find(_bare(name)) or UNKNOWN
    covered = max(0, match(name, registry.prefix)) if registry.prefix else 0
    is_digest = "@" in name
    # CRI-O's own list switches verification off for the whole pull, mirrors included.
    is_insecure = crio.is_insecure(name.partition("/")[0], effective)
    for mirror in registry.mirrors:
        use = ("digest-only" if registry.digest_only else mirror.use) or "all"
        if use == "all" or (use == "digest-only") == is_digest:
            location = clean(mirror.location) if effective.engine.is_at_least(*TRIMS) else mirror.location
            yield "mirror", location + name[covered:], mirror.insecure or is_insecure
    location = registry.location + name[covered:] if registry.location else name
    yield "registry", location, registry.insecure or is_insecure


def _is_blocked(target: str, effective: Effective) -> bool:
    """A block is looked up by the name that is really asked (source: `newDockerClient`)."""
    registry = effective.find(_bare(target))
    return registry is not None and registry.blocked


def _find_half(host: str, effective: Effective) -> str:
    """A client certificate without its key, or a key without its certificate, which keeps the host
    from being asked (source: `SetupCertificates`); "" where there is none."""
    folder = next(
        (folder_name for folder_name in CERTIFICATES if host in effective.texts.certificates.get(folder_name, {})), ""
    )
    lone = lone_files(effective.texts.certificates[folder][host]) if folder else []
    return f"{folder}/{host}/{lone[0]}" if lone else ""


def _halves(name: str, effective: Effective) -> Iterator[str]:
    for host in dict.fromkeys(target.partition("/")[0] for _, target, _ in _targets(name, effective)):
        half = _find_half(host, effective)
        if half:
            yield f"{half} lacks the other half of its pair, so {host} is not asked"


def _attempts(kind: str, target: str, insecure: bool, rule: str, effective: Effective) -> Iterator[Endpoint]:
    """One place over HTTPS; an insecure one also over HTTP. Logins are looked up by the
    place that is asked."""
    host, _, repository = target.partition("/")
    url = HUB_URL if host == HUB else f"https://{host}"
    credentials = "Docker Hub's" if host == HUB else f"{host}'s"
    if insecure:
        yield Endpoint(kind, url, repository, "unverified", "", credentials, next_on=NO_TLS)
        yield Endpoint(kind, url.replace("https:", "http:"), repository, "none", "", credentials, next_on=rule)
    else:
        yield Endpoint(kind, url, repository, "verified", _trust(host, effective), credentials, next_on=rule)


def _trust(host: str, effective: Effective) -> str:
    """The system's authorities and those of the first folder that has the registry."""
    for folder in CERTIFICATES:
        names = effective.texts.certificates.get(folder, {}).get(host)
        if names is not None:
            files = [f"{folder}/{host}/{name}" for name in names if name.endswith(".crt")]
            own = [f"{folder}/{host}/{name}" for name in names if name.endswith(".cert")]
            text = " and ".join([SYSTEM, *files])
            return f"{text}; shows {', '.join(own)}" if own else text
    return SYSTEM


def _notes(name: str, effective: Effective) -> Iterator[str]:
    short = name.removeprefix(f"{HUB}/library/")
    if short != name:
        for prefix in effective.registries:
            if match(f"{HUB}/{_bare(short)}", prefix) >= 0 and match(_bare(name), prefix) < 0:
                yield f'the prefix "{prefix}" does not fit: the full name is {HUB}/library/{_bare(short)}'


def _split_tag(repository: str) -> tuple[str, str]:
    """(name, its tag or digest with the mark before it)."""
    bare = _bare(repository)
    return bare, repository[len(bare) :]


def _bare(name: str) -> str:
    """The name without tag and digest; a port is not a tag."""
    name = name.partition("@")[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name
