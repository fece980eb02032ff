"""Looking at what the hosts of a fleet run and have, for `invoke images`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mooring.fleet.site import CLIENT_ROLE, SERVER_ROLE
from mooring.fleet.survey import FleetHost, Lost
from mooring.records.images import (
    ASKED,
    FAILED,
    PARTLY,
    UNREACHABLE,
    FleetImages,
    HostNote,
    ImageRow,
    SourcelessRow,
)
from mooring.service.holdings import Holdings, RegistryNames, read_holdings
from mooring.service.lock_changes import compare
from mooring.service.lock_entries import LockFile
from mooring.service.lock_merge import merge

OK, TROUBLE, UNREACHED, DIFFERS = 0, 2, 4, 8
# For one answer of an engine: less than a look at a host may take, so that others are asked too.
ENGINE_SECONDS = 20
# The variables that name the fleet's own registry, and its mirror; the first name stands for all.
OWN_NAMES = ("registry_names", "registry_client_names", "nginx_server_names")
MIRROR_NAMES = ("mirror_names",)


def look(host: FleetHost) -> Holdings:
    """Ask one host; what it answers is checked and bounded."""
    reply = host.call("container_images", timeout=ENGINE_SECONDS)
    return read_holdings(host.name, reply, find_names(host))


def find_names(host: FleetHost) -> RegistryNames:
    """The names of the fleet's registry, as the host's plays say."""
    variables = host.roles.get(CLIENT_ROLE) or host.roles.get(SERVER_ROLE) or host.variables
    return RegistryNames(_list_names(variables, OWN_NAMES), _list_names(variables, MIRROR_NAMES))


def _list_names(variables: Mapping[str, Any], keys: Sequence[str]) -> tuple[str, ...]:
    values = [value for key in keys if isinstance(value := variables.get(key), Sequence) and not isinstance(value, str)]
    return tuple(dict.fromkeys(str(name).lower() for value in values for name in value))


def renew(before: LockFile, outcomes: Mapping[str, Holdings | Lost], known: Sequence[str]) -> LockFile:
    """The lock file after the look; `known` are all hosts of the inventory."""
    return merge(before, [outcome for outcome in outcomes.values() if isinstance(outcome, Holdings)], known)


def report(
    path: str, before: LockFile | None, now: LockFile, outcomes: Mapping[str, Holdings | Lost], is_check: bool
) -> FleetImages:
    """What there is to say of it; `before` is None where there was no file."""
    images = [
        ImageRow(
            image.name, image.tag, image.digest, image.platforms, image.running, image.idle,
            keep=image.keep, ban=now.find_ban(image.name, image.tag),
        )
        for image in now.images
    ]  # fmt: skip
    without_source = [SourcelessRow(image.id, image.names, image.running, image.idle) for image in now.without_source]
    notes = [_note(name, outcome) for name, outcome in outcomes.items()]
    changes = tuple(compare(before or LockFile(), now))
    rows = tuple(images), tuple(without_source), tuple(notes)
    return FleetImages(path, *rows, changes, is_check, is_new=before is None)


def _note(host: str, outcome: Holdings | Lost) -> HostNote:
    if isinstance(outcome, Lost):
        return HostNote(host, UNREACHABLE if outcome.is_unreachable else FAILED, reason=outcome.reason)
    state = PARTLY if outcome.problems else ASKED
    return HostNote(host, state, outcome.engines, "; ".join(outcome.problems), outcome.left_out)


def exit_status(fleet: FleetImages, detailed: bool) -> int:
    """Unreachable hosts outrank those that did not tell all, and both a difference."""
    states = {note.state for note in fleet.hosts}
    if UNREACHABLE in states:
        return UNREACHED
    if states & {FAILED, PARTLY}:
        return TROUBLE
    is_other = bool(fleet.changes) or fleet.is_new
    return DIFFERS if detailed and fleet.is_check and is_other else OK
