"""podman's and CRI-O's drop-in: one file of ours, which says what is wanted and keeps what the
operator said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from mooring.engines.docker.registries import is_network
from mooring.engines.origin import Origin
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.wanted import Mirror as WantedMirror
from mooring.engines.plan.wanted import Registry as WantedRegistry
from mooring.engines.plan.wanted import Wanted
from mooring.engines.podman.effective import SYSTEM, USERS, Effective, match, resolve
from mooring.engines.podman.registries_conf import Mirror, Registry, clean
from mooring.engines.texts import ContainerTexts
from mooring.records.hub import HUB

PATH = f"{SYSTEM}/registries.conf.d/50-mooring.conf"
UNBLOCK = "take blocked out of that table, or leave this out of registry_client's variables"
HEAD = "# Mooring's: it is written anew as a whole. Settings of your own belong in another file.\n"


def without_ours(texts: ContainerTexts) -> ContainerTexts:
    """The host as it would be without Mooring's drop-in."""
    return replace(texts, files={**texts.files, PATH: None})


def find_impossible(before: Effective, wanted: Wanted) -> Iterator[Refusal]:
    """What these engines cannot do, with what they can."""
    for registry in wanted.registries:
        if is_network(registry.name):
            yield Refusal(
                f"{before.engine} knows no insecure networks, only hosts ({registry.name})",
                "name the registries one by one",
            )
        if registry.block and registry.name == "all":
            yield Refusal(
                f"{before.engine} cannot block all registries",
                'set "reject" as the default in /etc/containers/policy.json',
            )
    if before.main == f"{USERS}/registries.conf":
        yield Refusal(f"{before.main} replaces the system's files for root", "move what it says to /etc/containers")


def draw(texts: ContainerTexts, name: str, wanted: Wanted) -> str:
    """The drop-in's text, empty where nothing is to be said. A table replaces an earlier one of
    the same prefix as a whole, so it repeats what that said; the same goes for the list of
    registries to search."""
    before = resolve(without_ours(texts), name)
    lines: list[str] = []
    searched = [host for host in wanted.searched if host not in [known.text for known in before.search]]
    if searched:
        listed = [*searched, *(known.text for known in before.search)]
        lines += [f"unqualified-search-registries = {json.dumps(listed)}", ""]
    for registry in _registries(before, wanted):
        lines += [*_table(registry), ""]
    return HEAD + "\n".join(lines) if lines else ""


def _registries(before: Effective, wanted: Wanted) -> Iterator[Registry]:
    """The tables that say something new, in the order in which they are asked for."""
    named = {(HUB if registry.name == "public" else registry.name): registry for registry in wanted.registries}
    prefixes = dict.fromkeys([*named, *(mirror.registry for mirror in wanted.mirrors)])
    for prefix in prefixes:
        known = _covering(before, prefix)
        request = named.get(prefix, WantedRegistry(prefix))
        mirrors = list(known.mirrors)
        for mirror in (mirror for mirror in wanted.mirrors if mirror.registry == prefix):
            _add(mirrors, mirror, wanted, known.origin)
        new = replace(
            known,
            insecure=known.insecure or request.insecure,
            blocked=known.blocked or request.block,
            mirrors=tuple(mirrors),
        )
        if new != known:
            yield new


def _covering(effective: Effective, prefix: str) -> Registry:
    """What holds for the name by its own table, or by a shorter one or a wildcard, which a table of
    its own hides."""
    registry = effective.find(prefix)
    if registry is None:
        return Registry(prefix, prefix, effective.mode.origin)
    rest = prefix[match(prefix, registry.prefix) :]

    def moved(location: str) -> str:
        """The port goes behind a host; behind a path it makes no name, and no such pull works."""
        return clean(location) + rest if location and not (rest and "/" in clean(location)) else ""

    mirrors = tuple(
        replace(mirror, location=moved(mirror.location)) for mirror in registry.mirrors if moved(mirror.location)
    )
    return replace(registry, prefix=prefix, location=moved(registry.location) or prefix, mirrors=mirrors)


def _add(mirrors: list[Mirror], mirror: WantedMirror, wanted: Wanted, origin: Origin) -> None:
    """A mirror more, or in the place of the one that has its address; who is insecure stays so."""
    scheme, _, host = mirror.url.partition("://")
    insecure, location = scheme == "http" or host in wanted.insecure, mirror.location
    there = [number for number, mirror in enumerate(mirrors) if clean(mirror.location) == location]
    if not there:
        mirrors.append(Mirror(location, insecure, "", origin))
    for number in there:
        mirrors[number] = replace(mirrors[number], insecure=mirrors[number].insecure or insecure, use="")


def _table(registry: Registry) -> Iterator[str]:
    yield "[[registry]]"
    if registry.prefix != registry.location:
        yield f"prefix = {json.dumps(registry.prefix)}"
    if registry.location:
        yield f"location = {json.dumps(registry.location)}"
    for key, is_set in (
        ("insecure", registry.insecure),
        ("blocked", registry.blocked),
        ("mirror-by-digest-only", registry.digest_only),
    ):
        if is_set:
            yield f"{key} = true"
    for mirror in registry.mirrors:
        yield "[[registry.mirror]]"
        yield f"location = {json.dumps(clean(mirror.location))}"
        if mirror.insecure:
            yield "insecure = true"
        if mirror.use:
            yield f"pull-from-mirror = {json.dumps(mirror.use)}"


def find_overruled(after: Effective, wanted: Wanted) -> Iterator[Refusal]:
    """A later file that says something else of the same registry, or a word of the operator's that
    keeps it from being asked: what is wanted would not hold."""
    later = "take that out of the later file, or say there what is wanted"
    for registry in wanted.registries:
        name = HUB if registry.name == "public" else registry.name
        known = _covering(after, name)
        if (registry.insecure and not known.insecure) or (registry.block and not known.blocked):
            yield Refusal(f"what is wanted of {name} would not hold because of {_place(name, after)}", later)
        if known.insecure and (registry.ca or registry.certificate) and not registry.insecure:
            trust = "its certificate (registry_client_ca_file)" if registry.ca else "a client certificate"
            yield Refusal(
                f"{name} is to be trusted by {trust}, but {_place(name, after)} makes it insecure, which switches the "
                "certificate off",
                "take insecure out there",
            )
        blocking = _blocking(name, after)
        if blocking and not registry.block and (registry.insecure or registry.ca or registry.search):
            yield Refusal(f"{blocking} blocks {name}, so it would not be asked", UNBLOCK)
    for mirror in wanted.mirrors:
        yield from _find_unasked(mirror, after, later)
    missing = [host for host in wanted.searched if host not in [known.text for known in after.search]]
    if missing:
        place = after.search[0].origin if after.search else PATH
        yield Refusal(f"{missing[0]} would not be searched because of {place}", later)


def _find_unasked(mirror: WantedMirror, after: Effective, later: str) -> Iterator[Refusal]:
    """What keeps a mirror from being asked."""
    known = _covering(after, mirror.registry)
    location = mirror.location
    blocking = _blocking(location, after)
    place = _place(mirror.registry, after)
    if location not in [clean(entry.location) for entry in known.mirrors]:
        yield Refusal(f"the mirror {mirror.url} would not hold because of {place}", later)
    elif blocking:
        yield Refusal(f"{blocking} blocks {location}, so the mirror {mirror.url} would not be asked", UNBLOCK)
    elif known.digest_only:
        yield Refusal(
            f"{place} has mirror-by-digest-only, so the mirror {mirror.url} would not be asked for tags",
            "take it out of that table, and write pull-from-mirror at each of its mirrors instead",
        )


def _blocking(name: str, after: Effective) -> Origin | None:
    """Where the table is that blocks the name."""
    registry = after.find(name)
    return _place(name, after) if registry is not None and registry.blocked else None


def _place(name: str, after: Effective) -> Origin:
    """The table that counts for the name; the operator's own, where ours only repeats it."""
    registry = after.find(name)
    if registry is not None and registry.origin.path != PATH:
        return registry.origin
    foreign = resolve(without_ours(after.texts), after.engine.name).find(name)
    return foreign.origin if foreign is not None else Origin(PATH)
