"""`invoke status`: a line for each host of the fleet: its engine, where pulls go, what has drifted, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from mooring.engines.docker.endpoints import MANIFEST
from mooring.engines.docker.entries import FIRST, MISLEADING
from mooring.engines.explanation import DOCKER
from mooring.engines.plan.containers.host import record_paths
from mooring.engines.plan.record import PATH as RECORD
from mooring.fleet import checkup, server_checkup
from mooring.fleet import etc_hosts as hosts_lines
from mooring.fleet.checkup import HUB, Checkup, Missing
from mooring.fleet.senseless import SENSELESS, describe
from mooring.fleet.site import CLIENT_ROLE, SERVER_ROLE
from mooring.fleet.survey import FleetHost, LookFailed, Lost
from mooring.invocation import invocation
from mooring.records.fleet import NONE, NOTHING, Row
from mooring.records.route import Route

OK, UNREACHABLE, DRIFT = 0, 4, 8
OWN_FILES = ("registry_client_sysconfig_path", "registry_client_daemon_json_path")
# What a host answers in place of its configuration.
FAULTS = {"masked": "masked", "missing": "no engine"}


def exit_status(rows: list[Row], detailed: bool) -> int:
    """Unreachable hosts outrank drift."""
    if any(one.is_unreachable for one in rows):
        return UNREACHABLE
    return DRIFT if detailed and any(one.has_drifted for one in rows) else OK


def look(visit: FleetHost) -> tuple[Checkup, bool]:
    """Ask a host, once where it has the engine that its play says; the second part says whether it is a client."""
    found = checkup_of(visit)
    if SERVER_ROLE in visit.roles:
        found = replace(found, server=server_checkup.look(visit))
    return found, CLIENT_ROLE in visit.roles


def checkup_of(visit: FleetHost) -> Checkup:
    """What the host's engine is and does; LookFailed where there is none, or where it cannot be looked at."""
    names, variables = registries(visit), visit.roles.get(CLIENT_ROLE, {})
    engine = str(variables.get("registry_client_engine") or DOCKER)
    record = str(variables.get("registry_client_record_path") or RECORD)
    names_at = hosts_lines.place(variables)
    own = [names_at, *(str(variables.get(name) or record) for name in OWN_FILES)]
    failed: LookFailed | None = None
    if engine == DOCKER:
        try:
            reply = visit.call("docker_config", paths=[record, *own])
            return with_names(
                checkup.examine(visit.name, reply, names, record), reply["files"].get(names_at), variables
            )
        except LookFailed as error:
            if not error.reply.get("missing"):
                raise
            failed, engine = error, ""
    reply = visit.call("container_config", paths=[names_at, *record_paths(record)])
    found = checkup.examine_containers(visit.name, reply, names, engine, record)
    if found is None:
        raise failed or LookFailed({"msg": f"there is no {engine} on this host", "missing": True})
    return with_names(found, reply["files"].get(names_at), variables)


def with_names(found: Checkup, text: str | None, variables: Mapping[str, Any]) -> Checkup:
    """With the names that are to stand in /etc/hosts, whose text this is, and do not."""
    path = hosts_lines.place(variables)
    gone = [Missing("line", f"{line} of {path}", "files") for line in hosts_lines.missing(text, variables)]
    return replace(found, missing=(*found.missing, *gone))


def registries(visit: FleetHost) -> tuple[str, ...]:
    """The names by which a host uses the registry, as its play says."""
    variables: Mapping[str, Any] = visit.roles.get(CLIENT_ROLE, {})
    return tuple(map(str, variables.get("registry_client_names") or ()))


def draw_row(name: str, found: tuple[Checkup, bool] | Lost) -> Row:
    """A host's line, whatever the host says."""
    try:
        return row(name, found)
    except SENSELESS as error:
        return row(name, Lost(describe(error), False))


def row(name: str, found: tuple[Checkup, bool] | Lost) -> Row:
    """A host's line of the table."""
    say = partial(Row, name)
    if isinstance(found, Lost):
        if found.is_unreachable:
            do = "see that it is up and lets you in"
            return say(NOTHING, NOTHING, NOTHING, NOTHING, "unreachable", do=do, notes=(found.reason,))
        drift = next((word for key, word in FAULTS.items() if found.reply.get(key)), "unknown")
        do = invocation(f"doctor {name}")
        return say(NOTHING, NOTHING, NOTHING, NOTHING, drift, do=do, notes=(found.reason,))
    one, is_client = found
    drift, do = judge(one, is_client)
    names = [key for key in one.routes if key != HUB]
    version = one.engine.rpartition(" ")[2]
    registry = way(one.routes[names[0]]) if names else NOTHING
    way_to_hub, notes = hub(one.routes[HUB]), tuple(details(one))
    server = one.server.record() if one.server else None
    ways, routes = (registry, way_to_hub), one.routes
    return say(one.kind, version, *ways, drift, do=do, notes=notes, server=server, routes=routes)


def judge(one: Checkup, is_client: bool) -> tuple[str, str]:
    """The gravest thing that is not as it should be, and what to do about it."""
    again = invocation(f"provision-clients --limit {one.host}")
    if one.stops:
        return "would not start", invocation(f"doctor {one.host}")
    if not one.is_running:
        return "does not run", invocation(f"doctor {one.host}")
    trouble = server_checkup.judge(one.server) if one.server else ""
    if trouble:
        return trouble, invocation(f"doctor {one.host}")
    if is_client and one.record is None:
        return "not provisioned", again
    if one.missing and all(missing.key == "edit" for missing in one.missing):
        return "files changed by somebody else", again
    if any(missing.where == "files" for missing in one.missing):
        return "settings taken out of the files", again
    if one.missing:
        return "settings not in effect", again
    if any(conflict.rule == FIRST for conflict in one.conflicts):
        return "no short name works", invocation(f"doctor {one.host}")
    if one.ends:
        return "pulls fail", invocation(f"doctor {one.host}")
    if one.differences:
        return "runs otherwise than its files say", invocation(f"doctor {one.host}")
    return NONE, ""


def details(one: Checkup) -> list[str]:
    """What `judge` found, in full, and what leads pulls elsewhere."""
    misleading = [conflict for conflict in one.conflicts if conflict.rule in MISLEADING]
    found = [f"[{conflict.rule}] {conflict}" for conflict in dict.fromkeys((*one.stops, *one.ends, *misleading))]
    found += map(str, one.missing)
    found += [f"{each.key} runs as {list(each.now)}, its files say {list(each.later)}" for each in one.differences]
    return found + (list(server_checkup.details(one.server)) if one.server else [])


def way(route: Route) -> str:
    """How the registry's own name is asked: "TLS", "TLS unverified, http", or the refusal."""
    words = {"verified": "TLS", "unverified": "TLS unverified", "none": "http"}
    return route.refusal or ", ".join(dict.fromkeys(words[one.tls] for one in route.endpoints))


def hub(route: Route) -> str:
    """Whom an image of Docker Hub is asked of first: a mirror or Docker Hub itself; by Red Hat's engine, where it
    verifies signatures, the one after the other."""
    if route.refusal:
        return route.refusal
    first = route.endpoints[0]
    if first.kind == MANIFEST:
        return f"Docker Hub, then mirror {route.endpoints[1].url}"
    if first.kind == "mirror":
        return f"mirror {first.url}"
    return "direct" if first.kind == "registry" else f"{first.kind} {first.url.partition('://')[2]}"
