"""podman's and CRI-O's drop-in: one file of ours, which says what is wanted and keeps what the operator said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from mooring.daemon.container_texts import ContainerTexts
from mooring.daemon.origin import Origin
from mooring.daemon.plan.refusal import Refusal
from mooring.daemon.plan.wanted import Mirror as WantedMirror
from mooring.daemon.plan.wanted import Registry as WantedRegistry
from mooring.daemon.plan.wanted import Wanted
from mooring.daemon.podman.effective import SYSTEM, USERS, Effective, resolve
from mooring.daemon.podman.registries_conf import Mirror, Registry, clean
from mooring.daemon.registries import HUB, is_network

PATH = f"{SYSTEM}/registries.conf.d/50-mooring.conf"
UNBLOCK = "take blocked out of that table, or leave this out of registry_client's variables"
HEAD = "# Mooring's: it is written anew as a whole. Settings of your own belong into another file.\n"


def without_ours(texts: ContainerTexts) -> ContainerTexts:
    """The host as it would be without Mooring's drop-in."""
    return replace(texts, files={**texts.files, PATH: None})


def find_impossible(before: Effective, wanted: Wanted) -> Iterator[Refusal]:
    """What these engines cannot do, with what they can."""
    for one in wanted.registries:
        if is_network(one.name):
            yield Refusal(
                f"{before.engine} knows no insecure networks, only hosts ({one.name})", "name the registries one by one"
            )
        if one.block and one.name == "all":
            yield Refusal(
                f"{before.engine} cannot block all registries",
                'set "reject" as the default in /etc/containers/policy.json',
            )
    if before.main == f"{USERS}/registries.conf":
        yield Refusal(f"{before.main} replaces the system's files for root", "move what it says to /etc/containers")


def draw(texts: ContainerTexts, name: str, wanted: Wanted) -> str:
    """The drop-in's text, empty where nothing is to be said. A table replaces an earlier one of the same prefix as a
    whole, so it repeats what that said; the same goes for the list of registries to search."""
    before = resolve(without_ours(texts), name)
    lines: list[str] = []
    searched = [one for one in wanted.searched if one not in [known.text for known in before.search]]
    if searched:
        listed = [*searched, *(known.text for known in before.search)]
        lines += [f"unqualified-search-registries = {json.dumps(listed)}", ""]
    for registry in _registries(before, wanted):
        lines += [*_table(registry), ""]
    return HEAD + "\n".join(lines) if lines else ""


def _registries(before: Effective, wanted: Wanted) -> Iterator[Registry]:
    """The tables that say something new, in the order in which they are asked for."""
    named = {("docker.io" if one.name == "public" else one.name): one for one in wanted.registries}
    prefixes = dict.fromkeys([*named, *(mirror.registry for mirror in wanted.mirrors)])
    for prefix in prefixes:
        known = before.registries.get(prefix) or Registry(prefix, prefix, before.mode.origin)
        asked = named.get(prefix, WantedRegistry(prefix))
        mirrors = list(known.mirrors)
        for url in (mirror.url for mirror in wanted.mirrors if mirror.registry == prefix):
            scheme, _, location = url.partition("://")
            insecure = scheme == "http" or location in wanted.insecure
            mirrors = [one for one in mirrors if clean(one.location) != location]
            mirrors.append(Mirror(location, insecure, "", known.origin))
        new = replace(
            known,
            insecure=known.insecure or asked.insecure,
            blocked=known.blocked or asked.block,
            mirrors=tuple(mirrors),
        )
        if new != known:
            yield new


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
    """A later file that says something else of the same registry, or a word of the operator's that keeps it from being
    asked: what is wanted would not hold."""
    later = "take that out of the later file, or say there what is wanted"
    for one in wanted.registries:
        name = HUB if one.name == "public" else one.name
        known = after.registries.get(name)
        if (one.insecure and not (known and known.insecure)) or (one.block and not (known and known.blocked)):
            place = known.origin if known else PATH
            yield Refusal(f"what is wanted of {name} would not hold because of {place}", later)
        blocking = _blocking(name, after)
        if blocking and not one.block and (one.insecure or one.ca or one.search):
            yield Refusal(f"{blocking} blocks {name}, so it would not be asked", UNBLOCK)
    for mirror in wanted.mirrors:
        yield from _find_unasked(mirror, after, later)
    missing = [one for one in wanted.searched if one not in [known.text for known in after.search]]
    if missing:
        place = after.search[0].origin if after.search else PATH
        yield Refusal(f"{missing[0]} would not be searched because of {place}", later)


def _find_unasked(mirror: WantedMirror, after: Effective, later: str) -> Iterator[Refusal]:
    """What keeps a mirror from being asked."""
    known = after.registries.get(mirror.registry)
    location = mirror.url.partition("://")[2]
    blocking = _blocking(location, after)
    if known is None or location not in [clean(one.location) for one in known.mirrors]:
        place = known.origin if known else PATH
        yield Refusal(f"the mirror {mirror.url} would not hold because of {place}", later)
    elif blocking:
        yield Refusal(f"{blocking} blocks {location}, so the mirror {mirror.url} would not be asked", UNBLOCK)
    elif known.digest_only:
        place = _theirs(after).registries[mirror.registry].origin
        yield Refusal(
            f"{place} has mirror-by-digest-only, so the mirror {mirror.url} would not be asked for tags",
            "take it out of that table, and write pull-from-mirror at each of its mirrors instead",
        )


def _blocking(name: str, after: Effective) -> Origin | None:
    """Where the table is that blocks the name; the operator's own, where ours only repeats it."""
    found = after.find(name)
    if found is None or not found.blocked:
        return None
    return _theirs(after).registries.get(found.prefix, found).origin


def _theirs(after: Effective) -> Effective:
    return resolve(without_ours(after.texts), after.engine.name)
