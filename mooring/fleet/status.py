"""`invoke status`: a line for each host of the fleet: its engine, where pulls go, what has
drifted, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from mooring.engines.choice import CONTAINER_MODULE, DOCKER_MODULE, find_engine
from mooring.engines.docker.endpoints import MANIFEST
from mooring.engines.docker.entries import FIRST, MISLEADING
from mooring.engines.explanation import AUTO, DOCKER
from mooring.engines.plan.containers.host import record_paths
from mooring.engines.plan.record import PATH as RECORD
from mooring.fleet import etc_hosts as hosts_lines
from mooring.fleet import mirror_checkup, server_checkup
from mooring.fleet.checkup import Checkup, Missing, examine, examine_containers
from mooring.fleet.senseless import SENSELESS, describe
from mooring.fleet.site import CLIENT_ROLE, SERVER_ROLE
from mooring.fleet.survey import FleetHost, LookFailed, Lost
from mooring.invocation import invocation
from mooring.records.fleet import NONE, NOTHING, Row
from mooring.records.hub import HUB
from mooring.records.route import Route

OK, UNREACHABLE, DRIFT = 0, 4, 8
OWN_FILES = ("registry_client_sysconfig_path", "registry_client_daemon_json_path")
# What a host answers in place of its configuration.
FAULTS = {"masked": "masked", "missing": "no engine"}


def exit_status(rows: list[Row], detailed: bool) -> int:
    """Unreachable hosts outrank drift."""
    if any(row.is_unreachable for row in rows):
        return UNREACHABLE
    return DRIFT if detailed and any(row.has_drifted for row in rows) else OK


def look(host: FleetHost) -> tuple[Checkup, bool]:
    """Ask a host, once where it has the engine that its play says; the second part says whether it
    is a client."""
    checkup = checkup_of(host)
    if SERVER_ROLE in host.roles:
        checkup = replace(checkup, server=server_checkup.look(host))
    return checkup, CLIENT_ROLE in host.roles


def checkup_of(host: FleetHost) -> Checkup:
    """What the host's engine is and does; LookFailed where there is none, or where it
    cannot be looked at."""
    names, variables = registries(host), host.roles.get(CLIENT_ROLE, {})
    engine = str(variables.get("registry_client_engine") or DOCKER)
    record = str(variables.get("registry_client_record_path") or RECORD)
    names_at = hosts_lines.place(variables)
    own = [names_at, *(str(variables.get(name) or record) for name in OWN_FILES)]
    paths = {DOCKER_MODULE: [record, *own], CONTAINER_MODULE: [names_at, *record_paths(record)]}

    def ask(module: str) -> Mapping[str, Any]:
        try:
            return host.call(module, paths=paths[module])
        except LookFailed as error:
            return error.reply

    # The default is docker; a host that has only another engine is looked at all the same.
    answer = find_engine(AUTO if engine == DOCKER else engine, ask)
    reply, name = answer.reply, answer.name
    if reply.get("failed"):
        raise LookFailed(reply)
    examined = examine(host.name, reply, names, record) if name == DOCKER else None
    checkup = examined or examine_containers(host.name, reply, names, name, record)
    if checkup is None:
        raise LookFailed({"msg": f"there is no {name} on this host", "missing": True})
    checkup = replace(checkup, old_mirrors=mirror_checkup.find_old_mirrors(checkup.routes[HUB], variables))
    return with_names(checkup, reply["files"].get(names_at), variables)


def with_names(checkup: Checkup, text: str | None, variables: Mapping[str, Any]) -> Checkup:
    """With the names that are to stand in /etc/hosts, whose text this is, and do not."""
    path = hosts_lines.place(variables)
    gone = [Missing("line", f"{line} of {path}", "files") for line in hosts_lines.missing(text, variables)]
    return replace(checkup, missing=(*checkup.missing, *gone))


def registries(host: FleetHost) -> tuple[str, ...]:
    """The names by which a host uses the registry, as its play says."""
    variables: Mapping[str, Any] = host.roles.get(CLIENT_ROLE, {})
    return tuple(map(str, variables.get("registry_client_names") or ()))


def draw_row(name: str, outcome: tuple[Checkup, bool] | Lost) -> Row:
    """A host's line, whatever the host says."""
    try:
        return row(name, outcome)
    except SENSELESS as error:
        return row(name, Lost(describe(error), False))


def row(name: str, outcome: tuple[Checkup, bool] | Lost) -> Row:
    """A host's line of the table."""
    say = partial(Row, name)
    if isinstance(outcome, Lost):
        if outcome.is_unreachable:
            do = "check that it is up and lets you log in"
            return say(NOTHING, NOTHING, NOTHING, NOTHING, "unreachable", do=do, notes=(outcome.reason,))
        drift = next((word for key, word in FAULTS.items() if outcome.reply.get(key)), "unknown")
        do = invocation(f"doctor {name}")
        return say(NOTHING, NOTHING, NOTHING, NOTHING, drift, do=do, notes=(outcome.reason,))
    checkup, is_client = outcome
    drift, do = find_drift(checkup, is_client)
    names = [key for key in checkup.routes if key != HUB]
    version = checkup.engine.rpartition(" ")[2]
    registry = way(checkup.routes[names[0]]) if names else NOTHING
    way_to_hub, notes = hub(checkup.routes[HUB]), tuple(details(checkup))
    server = checkup.server.record() if checkup.server else None
    ways, routes = (registry, way_to_hub), checkup.routes
    return say(checkup.kind, version, *ways, drift, do=do, notes=notes, server=server, routes=routes)


def find_drift(checkup: Checkup, is_client: bool) -> tuple[str, str]:
    """The gravest thing that is not as it should be, and what to do about it."""
    again = invocation(f"provision-clients --limit {checkup.host}")
    if checkup.stops:
        return "would not start", invocation(f"doctor {checkup.host}")
    if not checkup.is_running:
        return "does not run", invocation(f"doctor {checkup.host}")
    trouble = server_checkup.find_trouble(checkup.server) if checkup.server else ""
    if trouble:
        return trouble, invocation(f"doctor {checkup.host}")
    if is_client and checkup.record is None:
        return "not provisioned", again
    lost = {missing.where for missing in checkup.missing if missing.key != "edit"}
    if lost:
        return "settings taken out of the files" if "files" in lost else "settings not in effect", again
    if checkup.missing:
        return "files changed by somebody else", again
    if is_client and checkup.old_mirrors:
        return "uses the earlier mirror", again
    if any(conflict.rule == FIRST for conflict in checkup.conflicts):
        return "no short name works", invocation(f"doctor {checkup.host}")
    if checkup.ends:
        return "pulls fail", invocation(f"doctor {checkup.host}")
    if checkup.differences:
        return "runs with other settings than its files", invocation(f"doctor {checkup.host}")
    return NONE, ""


def details(checkup: Checkup) -> list[str]:
    """What `find_drift` found, in full, and what leads pulls elsewhere."""
    misleading = [conflict for conflict in checkup.conflicts if conflict.rule in MISLEADING]
    lines = [
        f"[{conflict.rule}] {conflict}" for conflict in dict.fromkeys((*checkup.stops, *checkup.ends, *misleading))
    ]
    lines += map(str, checkup.missing)
    lines += [
        f"images of Docker Hub are asked of {url}, which has one's own alone, and not of the mirror"
        for url in checkup.old_mirrors
    ]
    lines += [
        f"{difference.key} runs as {list(difference.now)}, its files say {list(difference.later)}"
        for difference in checkup.differences
    ]
    return lines + (list(server_checkup.details(checkup.server)) if checkup.server else [])


def way(route: Route) -> str:
    """How the registry's own name is asked: "TLS", "TLS unverified, http", or the refusal."""
    words = {"verified": "TLS", "unverified": "TLS unverified", "none": "http"}
    return route.refusal or ", ".join(dict.fromkeys(words[endpoint.tls] for endpoint in route.endpoints))


def hub(route: Route) -> str:
    """Whom an image of Docker Hub is asked of first: a mirror or Docker Hub itself; by Red Hat's
    engine, where it verifies signatures, the one after the other."""
    if route.refusal:
        return route.refusal
    first = route.endpoints[0]
    if first.kind == MANIFEST:
        return f"Docker Hub, then mirror {route.endpoints[1].url}"
    if first.kind == "mirror":
        return f"mirror {first.url}"
    return "direct" if first.kind == "registry" else f"{first.kind} {first.url.partition('://')[2]}"
