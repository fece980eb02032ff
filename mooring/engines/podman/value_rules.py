"""The rules about single values of registries.conf, all from containers/image, pkg/sysregistriesv2.

One bad value in one of the files makes every command fail, and CRI-O not start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.origin import Origin
from mooring.engines.podman.effective import Effective
from mooring.engines.podman.registries_conf import V1, RegistriesConf, Registry, numbered
from mooring.records.hub import HUB

MODES = ("disabled", "enforcing", "permissive")
USES = ("all", "digest-only", "tag-only")
# reference.DomainRegexp; no IPv6 (tried on 4.3.1, 5.4.2 and 5.8.6)
LABEL = r"(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})*(?::[0-9]+)?")
NAME = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
TYPES: dict[str, type] = {
    "prefix": str,
    "location": str,
    "insecure": bool,
    "blocked": bool,
    "mirror-by-digest-only": bool,
    "pull-from-mirror": str,
    "mirror": list,
    "unqualified-search-registries": list,
    "credential-helpers": list,
    "short-name-mode": str,
    "aliases": dict,
    "registry": list,
    "registries": dict,
}
# Since then a slash behind a mirror is taken off.
TRIMS = (5, 8)
TEXTS = ("unqualified-search-registries", "credential-helpers", "registries")
WORDS = {str: "a text", bool: "true or false", list: "a list", dict: "a table"}


def find_wrong_types(effective: Effective) -> Iterator[Conflict]:
    """A text where a switch belongs, and the like: "incompatible types" (tried on 4.3.1)."""
    for file in effective.files:
        for keys, value in _fields(file):
            key = str(keys[-1])
            kind = list if keys[0] == "registries" and len(keys) == 3 else TYPES.get(key)
            kind = dict if keys[0] == "registries" and len(keys) == 2 else kind
            problem = ""
            if kind is not None and not isinstance(value, kind):
                problem = f'"{key}" must be {WORDS[kind]}'
            elif kind is list and key in TEXTS and not all(isinstance(item, str) for item in value):
                problem = f'"{key}" must be a list of texts'
            elif kind is list and key not in TEXTS and not all(isinstance(item, dict) for item in value):
                problem = f'"{key}" must be tables: [[{"registry." if key == "mirror" else ""}{key}]]'
            if problem:
                yield Conflict("wrong-type", Severity.STOPS, problem, (file.document.origin(*keys),))


def find_schemes(effective: Effective) -> Iterator[Conflict]:
    """ "URI schemes are not supported" (source: `parseLocation`)."""
    for origin, text in _locations(effective):
        if text.startswith(("http://", "https://")):
            message = f'"{text}" must be without http:// or https:// (for plain HTTP: insecure = true)'
            yield Conflict("scheme", Severity.STOPS, message, (origin,))


def find_missing_locations(effective: Effective) -> Iterator[Conflict]:
    """A registry needs a location, but for a prefix like *.example.com; a mirror always (source:
    `postProcessRegistries`)."""
    for _, registry in _registries(effective):
        if not registry.location and not registry.prefix.startswith("*."):
            yield Conflict("no-location", Severity.STOPS, "[[registry]] has no location", (registry.origin,))
        for mirror in registry.mirrors:
            if not mirror.location.rstrip("/"):
                yield Conflict("no-location", Severity.STOPS, "[[registry.mirror]] has no location", (mirror.origin,))


def find_bad_prefixes(effective: Effective) -> Iterator[Conflict]:
    """A wildcard prefix is *.host and nothing more (source: `loadConfigFile`)."""
    for _, registry in _registries(effective):
        if registry.prefix.startswith("*.") and re.search("[/@:]", registry.prefix):
            message = f'prefix "{registry.prefix}" must be like *.example.com, without a port or a path'
            yield Conflict("wildcard", Severity.STOPS, message, (registry.origin,))
        if registry.prefix.partition("/")[0] == f"index.{HUB}":
            message = f'no name ever begins with "{registry.prefix}": the engine makes {HUB} of it first'
            yield Conflict("hub-name", Severity.USELESS, message, (registry.origin,))


def find_bad_mirror_uses(effective: Effective) -> Iterator[Conflict]:
    """pull-from-mirror belongs to a mirror, has three values, and excludes mirror-by-digest-only
    (source: `postProcessRegistries`, since podman 4.3)."""
    if effective.engine.version and not effective.engine.is_at_least(4, 3):
        return
    for file, registry in _registries(effective):
        table = _table(file, registry)
        if table.get("pull-from-mirror"):
            message = "pull-from-mirror belongs into [[registry.mirror]]"
            yield Conflict("pull-from-mirror", Severity.STOPS, message, (registry.origin,))
        for mirror in registry.mirrors:
            if mirror.use and mirror.use not in USES:
                message = f'pull-from-mirror = "{mirror.use}" must be one of {", ".join(USES)}'
                yield Conflict("pull-from-mirror", Severity.STOPS, message, (mirror.origin,))
            elif mirror.use and registry.digest_only:
                message = "pull-from-mirror and mirror-by-digest-only cannot both be set"
                yield Conflict("pull-from-mirror", Severity.STOPS, message, (mirror.origin, registry.origin))


def find_contradictions(effective: Effective) -> Iterator[Conflict]:
    """Tables of one file with the same location must agree on insecure and blocked ("defined
    multiple times with conflicting 'insecure' setting")."""
    for file in effective.files:
        seen: dict[str, Registry] = {}
        for registry in file.registries:
            first = seen.setdefault(registry.location or registry.prefix, registry)
            for name in ("insecure", "blocked"):
                if getattr(first, name) != getattr(registry, name):
                    message = (
                        f'two tables with the location "{registry.location or registry.prefix}" differ in "{name}"'
                    )
                    yield Conflict("contradiction", Severity.STOPS, message, (first.origin, registry.origin))


def find_bad_search_lists(effective: Effective) -> Iterator[Conflict]:
    """ "Invalid unqualified-search-registries entry": each is host[:port], without a path."""
    for file in effective.files:
        for host in file.search or ():
            if not host.text.startswith(("http://", "https://")) and not DOMAIN.fullmatch(host.text):
                message = f'"{host.text}" in unqualified-search-registries is not a host[:port]'
                yield Conflict("search", Severity.STOPS, message, (host.origin,))


def find_bad_short_names(effective: Effective) -> Iterator[Conflict]:
    """Modes and aliases (source: `parseShortNameMode`, `validateShortName`,
    `parseShortNameValue`)."""
    for file in effective.files:
        if file.mode is not None and file.mode.text not in MODES:
            message = f'short-name-mode = "{file.mode.text}" must be one of {", ".join(MODES)}'
            yield Conflict("short-name-mode", Severity.STOPS, message, (file.mode.origin,))
        for name, value in file.aliases.items():
            if not NAME.fullmatch(name) or _is_qualified(name):
                message = f'alias "{name}" is not a short name (no registry, no tag)'
                yield Conflict("alias", Severity.STOPS, message, (value.origin,))
            elif value.text and not (_is_qualified(value.text) and NAME.fullmatch(value.text.partition("/")[2])):
                message = f'alias "{name}" = "{value.text}" must be registry/repository, without a tag or digest'
                yield Conflict("alias", Severity.STOPS, message, (value.origin,))


def find_insecure_upstreams(effective: Effective) -> Iterator[Conflict]:
    """`insecure` belongs to the mirror that needs it, not to the registry behind it
    (seapath/ansible PR #866)."""
    for registry in effective.registries.values():
        if registry.insecure and registry.mirrors and not any(mirror.insecure for mirror in registry.mirrors):
            message = (
                f"{registry.location or registry.prefix} itself is not verified, its mirrors are: "
                "for an insecure mirror the switch belongs into [[registry.mirror]]"
            )
            yield Conflict("insecure-upstream", Severity.SURPRISING, message, (registry.origin,))


def find_slashes(effective: Effective) -> Iterator[Conflict]:
    """A slash behind a mirror's location is taken off in a copy only, and the name with two
    slashes is refused: every pull fails (tried on 4.3.1 and 5.4.2; mended in 5.39 of the
    library, podman 5.8)."""
    for registry in effective.registries.values():
        for mirror in registry.mirrors:
            if mirror.location.endswith("/") and not effective.engine.is_at_least(*TRIMS):
                message = f'every pull of {registry.prefix} fails: take the slash off the end of "{mirror.location}"'
                yield Conflict("slash", Severity.ENDS_PULLS, message, (mirror.origin,))


def find_idle_blocks(effective: Effective) -> Iterator[Conflict]:
    """A block is looked up by the name that is really asked, so it does nothing where the location
    is another one (source: `newDockerClient`; tried on 4.3.1, 5.4.2 and 5.8.6)."""
    for registry in effective.registries.values():
        location = effective.find(registry.location) if registry.location else registry
        if registry.blocked and (location is None or not location.blocked):
            message = f"{registry.prefix} is pulled all the same: its location {registry.location} is not blocked"
            yield Conflict("idle-block", Severity.USELESS, message, (registry.origin,))


def _registries(effective: Effective) -> Iterator[tuple[RegistriesConf, Registry]]:
    for file in effective.files:
        for registry in file.registries:
            yield file, registry


def _locations(effective: Effective) -> Iterator[tuple[Origin, str]]:
    for file in effective.files:
        for registry in file.registries:
            yield from ((registry.origin, text) for text in dict.fromkeys((registry.prefix, registry.location)))
            yield from ((mirror.origin, mirror.location) for mirror in registry.mirrors)
        yield from ((host.origin, host.text) for host in file.search or ())


def _table(file: RegistriesConf, registry: Registry) -> Mapping[str, Any]:
    return next((table for at, table in file.tables if file.document.origin("registry", at) == registry.origin), {})


def _fields(file: RegistriesConf) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield from (((key,), value) for key, value in file.document.values.items())
    old = file.document.values.get("registries")
    for name, table in old.items() if isinstance(old, dict) else ():
        if name in V1:
            yield ("registries", name), table
            if isinstance(table, dict) and "registries" in table:
                yield ("registries", name, "registries"), table["registries"]
    for number, table in file.tables:
        yield from ((("registry", number, key), value) for key, value in table.items())
        for at, mirror in numbered(table.get("mirror")):
            yield from ((("registry", number, "mirror", at, key), value) for key, value in mirror.items())


def _is_qualified(name: str) -> bool:
    first, slash, _ = name.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


RULES = (
    find_wrong_types,
    find_schemes,
    find_missing_locations,
    find_bad_prefixes,
    find_bad_mirror_uses,
    find_contradictions,
    find_bad_search_lists,
    find_bad_short_names,
    find_insecure_upstreams,
    find_slashes,
    find_idle_blocks,
)
