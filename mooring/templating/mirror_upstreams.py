"""What the mirror's upstreams mean for its caches and their gate: a pure filter, and what is wrong
with such a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from mooring.records.hub import HUB, HUB_URL

# Where a registry is asked, and who gives its tokens, where that is not to be seen from its name.
_ADDRESSES = {HUB: HUB_URL}
_TOKENS = {
    HUB: ("https://auth.docker.io/token", "registry.docker.io"),
    "ghcr.io": ("https://ghcr.io/token", "ghcr.io"),
    "quay.io": ("https://quay.io/v2/auth", "quay.io"),
}
_ACCOUNT = ("username", "password_env", "password_file", "token_url", "token_service")
KEYS = frozenset(("registry", "addresses", "namespaces", *_ACCOUNT))
FIRST_PORT = 9001
_REGISTRY = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?", re.ASCII)
_PLACE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?", re.ASCII)
_SERVICE = re.compile(r"[A-Za-z0-9._:/-]+", re.ASCII)


def plan_caches(upstreams: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One cache for each upstream, with all that templates need of it.

    `slug` names its container, `port` is its own at the gate, `prefix` stands before its images
    among one's own ("" for Docker Hub), `addresses` are {scheme, place, url}, and `token` is {url,
    scheme, place, path, service} where it is known who gives tokens, else {}.
    """
    return [_plan(upstream, FIRST_PORT + number) for number, upstream in enumerate(upstreams)]


def _plan(upstream: Mapping[str, Any], port: int) -> dict[str, Any]:
    registry = str(upstream["registry"])
    known_url, known_service = _TOKENS.get(registry, ("", ""))
    url = str(upstream.get("token_url") or known_url)
    return {
        "registry": registry,
        "slug": slug_of(registry),
        "port": port,
        "prefix": "" if registry == HUB else registry.replace(":", "_"),
        "addresses": [_split(address) for address in addresses_of(upstream)],
        "namespaces": list(dict.fromkeys(map(str, upstream.get("namespaces") or [registry]))),
        "username": str(upstream.get("username") or ""),
        "password_env": str(upstream.get("password_env") or ""),
        "password_file": str(upstream.get("password_file") or ""),
        "token": {**_split(url), "service": str(upstream.get("token_service") or known_service)} if url else {},
    }


def slug_of(registry: str) -> str:
    """The registry's name as a part of a container's."""
    return re.sub(r"[^a-z0-9]", "-", registry)


def addresses_of(upstream: Mapping[str, Any]) -> list[str]:
    """Where the upstream is asked, in this order."""
    registry = str(upstream["registry"])
    return list(map(str, upstream.get("addresses") or [_ADDRESSES.get(registry, f"https://{registry}")]))


def _split(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {"url": url.rstrip("/"), "scheme": parts.scheme, "place": parts.netloc, "path": parts.path}


def find_problems(upstreams: Any) -> Iterator[str]:
    """What is wrong with the list, each a sentence that names the entry and the remedy."""
    if not isinstance(upstreams, (list, tuple)):
        yield "must be a list of entries, each with registry and addresses"
        return
    names, namespaces = dict[str, str](), dict[str, str]()
    for number, upstream in enumerate(upstreams, 1):
        if not isinstance(upstream, Mapping) or not isinstance(upstream.get("registry"), str):
            yield f"entry {number} has no registry: write registry: docker.io, or another registry's name"
            continue
        registry = str(upstream["registry"])
        if not _REGISTRY.fullmatch(registry):
            yield f'"{registry}" is no registry: write its name as images have it, such as ghcr.io or host:5000'
            continue
        yield from (f"{registry}: {problem}" for problem in _entry_problems(upstream))
        slug = slug_of(registry)
        if slug in names:
            same = "" if names[slug] == registry else f" (as container names both are mooring-mirror-{slug})"
            yield f"{names[slug]} and {registry} are one{same}: put their addresses into one entry"
        names.setdefault(slug, registry)
        for namespace in map(str, _items(upstream, "namespaces") or [registry]):
            if namespaces.setdefault(namespace, registry) != registry:
                yield f"{registry}: {namespace} is a namespace of {namespaces[namespace]} already: leave it to one"


def _entry_problems(upstream: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(set(upstream) - KEYS):
        yield f'"{key}" is no key of an upstream; these are: {", ".join(sorted(KEYS))}'
    for key in ("addresses", "namespaces"):
        if not isinstance(upstream.get(key) or [], (list, tuple)):
            yield f"{key} must be a list"
            return
    for address in map(str, upstream.get("addresses") or ()):
        yield from _address_problems(address, "https://mirror.example.com", has_path=False)
    for namespace in map(str, upstream.get("namespaces") or ()):
        if not _REGISTRY.fullmatch(namespace):
            yield f'namespace "{namespace}" is no registry\'s name'
    yield from _account_problems(upstream)


def _account_problems(upstream: Mapping[str, Any]) -> Iterator[str]:
    sources = [key for key in ("password_env", "password_file") if upstream.get(key)]
    if len(sources) == 2:
        yield "password_env and password_file are two places for one password: keep one"
    if bool(upstream.get("username")) != bool(sources):
        yield "an account is username with password_env or password_file"
    if upstream.get("token_url"):
        yield from _address_problems(str(upstream["token_url"]), "https://auth.example.com/token", has_path=True)
    if not _SERVICE.fullmatch(str(upstream.get("token_service") or "x")):
        yield f'token_service "{upstream["token_service"]}" is none: letters, digits and .-_:/ are allowed'


def _address_problems(address: str, example: str, has_path: bool) -> Iterator[str]:
    expected = f"{example.partition('://')[0]}://host[:port]{'/path' if has_path else ''}"
    try:
        parts = urlsplit(address)
        has_port = parts.port is not None
    except ValueError:
        yield f'address "{_without_login(address)}" must be {expected}'
        return
    has_place = _PLACE.fullmatch(parts.netloc) is not None and has_port == (":" in parts.netloc)
    if parts.scheme not in ("http", "https") or "://" not in address:
        yield f'address "{_without_login(address)}" has no scheme: write {example}'
    elif "@" in parts.netloc:
        yield f'address "{_without_login(address)}" has a login in it: write username and password_env or password_file'
    elif not has_place or parts.query or parts.fragment or (parts.path not in ("", "/")) > has_path:
        yield f'address "{address}" must be {expected}'


def _without_login(address: str) -> str:
    return re.sub(r"^([a-z]+://)?[^/]*@", r"\1", address)


def _items(upstream: Mapping[str, Any], key: str) -> list[Any]:
    value = upstream.get(key)
    return list(value) if isinstance(value, (list, tuple)) else []
