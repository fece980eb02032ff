"""What is wrong with registries.conf and its drop-ins: what makes every command fail, and what does
not what it says.

A rule is a function that yields conflicts; its docstring tells its source. Where the source is the
library's code, it is containers/image, pkg/sysregistriesv2. value_rules.py has the rules about
single values.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.engines.docker.conflicts import POLICY, Conflict, Severity
from mooring.engines.docker.endpoints import lone_files
from mooring.engines.origin import Origin
from mooring.engines.podman.effective import MAIN, USERS, VARIABLES, Effective
from mooring.engines.podman.registries_conf import TOP, V1, RegistriesConf, numbered
from mooring.engines.toml import get

CERTIFICATES = ("/etc/containers/certs.d", "/etc/docker/certs.d")
REGISTRY_KEYS = ("prefix", "location", "insecure", "blocked", "mirror-by-digest-only", "mirror", "pull-from-mirror")
MIRROR_KEYS = ("location", "insecure", "pull-from-mirror")
MORE_TOP = ("registries", "additional-layer-store-auth-helper")
SET_IS_ENOUGH = (5, 0)


def find_bad_files(effective: Effective) -> Iterator[Conflict]:
    """A file that is not TOML makes every command fail: "loading registries
    configuration" (tried on 4.3.1)."""
    for file in effective.files:
        if file.document.error:
            message = f"it cannot be read: {file.document.error}"
            yield Conflict("bad-toml", Severity.STOPS, message, (Origin(file.path),))


def find_missing_main_file(effective: Effective) -> Iterator[Conflict]:
    """A file that a variable names must be there; the usual one need not (source:
    `tryUpdatingCache`)."""
    if effective.texts.files.get(effective.main) is None:
        for variable in VARIABLES:
            if effective.main == effective.texts.environment.get(variable):
                message = f"${variable} names it, and it is not there"
                yield Conflict("missing-file", Severity.STOPS, message, (Origin(effective.main),))
                return


def find_mixed_syntax(effective: Effective) -> Iterator[Conflict]:
    """Old and new syntax in one file: "mixing sysregistry v1/v2 is not supported" (podman#5764,
    podman#7755).

    Since podman 5 an empty list counts as well (source: `hasSetField` of 5.34, not yet in 5.23;
    tried on 4.3.1).
    """
    counts_empty = effective.engine.is_at_least(*SET_IS_ENOUGH)
    for file in effective.files:
        if file.has_v1(counts_empty) and file.has_v2(counts_empty):
            places = (*_old_places(file), *_new_places(file))
            message = "the old syntax ([registries.…]) and the new one ([[registry]], …) do not go together in one file"
            yield Conflict("v1-and-v2", Severity.STOPS, message, places)


def find_old_syntax(effective: Effective) -> Iterator[Conflict]:
    """Drop-ins were always of the new syntax ("registry must be in v2 format but is in v1");
    podman 6 takes the old one nowhere (containers/image 5.40, container-libs PR #773;
    home-manager#9501)."""
    counts_empty = effective.engine.is_at_least(*SET_IS_ENOUGH)
    for file in effective.files:
        if not file.has_v1(counts_empty) or file.has_v2(counts_empty):
            continue
        places = _old_places(file)
        if file.path != effective.main:
            message = "a drop-in must be of the new syntax ([[registry]], unqualified-search-registries)"
            yield Conflict("v1-drop-in", Severity.STOPS, message, places)
        elif effective.engine.is_at_least(6):
            message = f"{effective.engine} takes the new syntax only ([[registry]], unqualified-search-registries)"
            yield Conflict("v1-syntax", Severity.STOPS, message, places)
        else:
            message = "this is the old syntax: it has no mirrors, and podman 6 refuses it"
            yield Conflict("v1-syntax", Severity.SURPRISING, message, places)


def find_unknown_keys(effective: Effective) -> Iterator[Conflict]:
    """Unknown keys are told to nobody but the debug log (source: `loadConfigFile`)."""
    for file in effective.files:
        for keys in _unknown(file):
            message = f'there is no setting "{keys[-1]}", so it does nothing'
            yield Conflict("unknown-key", Severity.USELESS, message, (file.document.origin(*keys),))


def find_hidden_registries(effective: Effective) -> Iterator[Conflict]:
    """In one file the first table of a prefix counts (source: `postProcessRegistries`); over the
    files the last one, and it replaces the whole table, mirrors included (source:
    `updateWithConfigurationFrom`)."""
    for file in effective.files:
        seen: dict[str, Origin] = {}
        for registry in file.registries:
            winner = effective.registries[registry.prefix].origin
            if registry.prefix in seen:
                message = f'a second table for "{registry.prefix}" in one file does nothing'
                yield Conflict("twice", Severity.USELESS, message, (registry.origin, seen[registry.prefix]))
            elif winner != registry.origin:
                message = f'this table for "{registry.prefix}" does nothing, a later file replaces it as a whole'
                yield Conflict("replaced", Severity.USELESS, message, (registry.origin, winner))
            seen.setdefault(registry.prefix, registry.origin)


def find_users_file(effective: Effective) -> Iterator[Conflict]:
    """A user's registries.conf replaces the system's, drop-ins and all
    (containers-registries.conf(5))."""
    if effective.main == f"{USERS}/registries.conf":
        message = f"because of root's own file, {MAIN} and {MAIN}.d are not read"
        yield Conflict("users-file", Severity.SURPRISING, message, (Origin(effective.main),))


def find_missing_policy(effective: Effective) -> Iterator[Conflict]:
    """Without a policy every pull fails: "open /etc/containers/policy.json: no such
    file" (tried on 4.3.1)."""
    if lacks_policy(effective):
        yield Conflict("policy", Severity.ENDS_PULLS, "every pull fails without this file", (Origin(POLICY),))


def lacks_policy(effective: Effective) -> bool:
    """Whether the engine needs a policy and has none, neither the system's nor root's own."""
    files = effective.texts.files
    return not effective.engine.is_at_least(6) and all(
        files.get(path) is None for path in (POLICY, f"{USERS}/policy.json")
    )


def find_bad_certificates(effective: Effective) -> Iterator[Conflict]:
    """The first folder that has the registry counts alone (source: `dockerCertDir`), and a *.cert
    needs its *.key ("missing key", source: `SetupCertificates`)."""
    seen: dict[str, str] = {}
    for folder in CERTIFICATES:
        for registry, names in sorted(effective.texts.certificates.get(folder, {}).items()):
            if registry in seen:
                message = f"it is not read, because {seen[registry]} is there"
                places = (Origin(f"{folder}/{registry}"), Origin(seen[registry]))
                yield Conflict("hidden-certificates", Severity.USELESS, message, places)
                continue
            seen[registry] = f"{folder}/{registry}"
            for name in lone_files(names):
                pair = ".key" if name.endswith(".cert") else ".cert"
                message = f"every pull from {registry} fails: its *{pair} is missing (an authority is a *.crt)"
                place = Origin(f"{seen[registry]}/{name}")
                yield Conflict("certificate-pair", Severity.ENDS_PULLS, message, (place,))


def _old_places(file: RegistriesConf) -> tuple[Origin, ...]:
    named = [name for name in V1 if get(file.document.values, "registries", name, "registries") is not None]
    return tuple(file.document.origin("registries", name, "registries") for name in named)


def _new_places(file: RegistriesConf) -> tuple[Origin, ...]:
    named = [name for name in TOP if file.document.values.get(name) is not None]
    return tuple(file.document.origin(name, *([0] if name == "registry" else [])) for name in named)


def _unknown(file: RegistriesConf) -> Iterator[tuple[str | int, ...]]:
    values = file.document.values
    yield from ((key,) for key in values if key not in (*TOP, *MORE_TOP))
    for number, table in file.tables:
        yield from (("registry", number, key) for key in table if key not in REGISTRY_KEYS)
        for at, mirror in numbered(table.get("mirror")):
            yield from (("registry", number, "mirror", at, key) for key in mirror if key not in MIRROR_KEYS)


RULES = (
    find_bad_files,
    find_missing_main_file,
    find_mixed_syntax,
    find_old_syntax,
    find_unknown_keys,
    find_hidden_registries,
    find_users_file,
    find_missing_policy,
    find_bad_certificates,
)
