"""The server's mirror: why there is none, whether its containers run, whether its upstreams answer
through the gate."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Any

from mooring.doctor import backing
from mooring.errors import RegistryError
from mooring.fleet import mirror_checkup
from mooring.fleet.site import SERVER_ROLE
from mooring.fleet.survey import FleetHost
from mooring.invocation import invocation
from mooring.records.diagnosis import Finding, Verdict
from mooring.registry.mirror_chain import MirrorSetting
from mooring.registry.transport import Endpoint, HttpTransport
from mooring.service.budget import RESERVE

RULE, RUNS, UPSTREAM, BUDGET = "mirror", "mirror-containers", "mirror-upstream", "mirror-budget"
# The gate gives up on an address within twelve seconds; there may be several.
SECONDS = 30.0
# A HEAD, which no limit counts, of an image that nobody has.
PROBE = "/v2/mooring/doctor/manifests/none"
LOG = 'docker logs --tail 2000 {gate} 2>/dev/null | grep \'"remaining":"[0-9]\' | tail -n 1 | head -c 4000'
REMAINING = re.compile(r"([0-9]{1,9})(?:;w=([0-9]{1,9}))?", re.ASCII)
NETWORK_ADDRESS = re.compile(r"[0-9.]{7,15}|[0-9a-f:]{2,45}", re.ASCII | re.IGNORECASE)
# How long an upstream counts, where it does not say.
WINDOW = 21600


def look(host: FleetHost) -> Iterator[Finding]:
    """All rules about the mirror, asked on the server."""
    variables = host.roles[SERVER_ROLE]
    names = mirror_checkup.name_containers(variables)
    if not variables.get("mirror_names"):
        yield judge_absence(mirror_checkup.explain_absence(host))
        return
    if not names:
        yield Finding(RULE, Verdict.HOLDS, "the mirror has no upstreams and serves one's own images alone")
        return
    troubles = backing.read_trouble(host, *names)
    yield judge_containers(names, troubles)
    if names[0] in troubles:
        yield Finding(UPSTREAM, Verdict.UNKNOWN, "upstreams are reached through the gate, which does not run")
        return
    address = backing.read_address(host, names[0])
    for cache in MirrorSetting.of(variables).caches:
        yield ask_upstream(host, cache, address)
    output = str(host.call("shell", cmd=LOG.format(gate=shlex.quote(names[0]))).get("stdout") or "")
    yield from judge_budget(output, datetime.now(timezone.utc))


def judge_absence(reason: str) -> Finding:
    """No mirror is no fault, and rules about one are not checked; one that was switched off is as
    it should be."""
    verdict = Verdict.HOLDS if reason == mirror_checkup.SWITCHED_OFF else Verdict.UNKNOWN
    remedy = "" if verdict is Verdict.HOLDS else f"for one set what is named there, and run `{invocation('site')}`"
    return Finding(RULE, verdict, f"there is no mirror: {reason}", remedy)


def judge_containers(names: list[str], troubles: Mapping[str, str]) -> Finding:
    """Gate and caches run; `troubles` are the host's words of those that do not."""
    if not troubles:
        return Finding(RUNS, Verdict.HOLDS, f"{', '.join(names)} run")
    seen = "; ".join(f"container {name} {words}" for name, words in troubles.items())
    return Finding(RUNS, Verdict.BREAKS, seen, f"see `docker logs`, or run `{invocation('provision-server')}`")


def ask_upstream(host: FleetHost, cache: Mapping[str, Any], address: str) -> Finding:
    """Whether the upstream of a cache answers through the gate, whose address on
    its network this is."""
    registry = str(cache["registry"])
    if not NETWORK_ADDRESS.fullmatch(address):
        return Finding(UPSTREAM, Verdict.UNKNOWN, f"{registry}: the gate has no address on its network")
    gate = Endpoint(address, int(cache["port"]))
    transport = HttpTransport(gate, partial(host.open_tunnel, gate.host, gate.port), SECONDS)
    try:
        status = transport.send("HEAD", PROBE, None, {}, SECONDS).status
    except RegistryError as error:
        return Finding(UPSTREAM, Verdict.UNKNOWN, f"{registry}: the gate is not reached: {error}")
    finally:
        transport.close()
    return judge_upstream(registry, [str(place["url"]) for place in cache["addresses"]], status)


def judge_upstream(registry: str, urls: list[str], status: int) -> Finding:
    """By the gate's status: what comes from an upstream is its own answer, 5xx are the gate's."""
    places = " and ".join(urls)
    if status == 429:
        seen = f"{registry} ({places}) answers 429: its limit of pulls is used up; what caches have is served"
        return Finding(UPSTREAM, Verdict.HARMS, seen, "wait, or give the upstream an account (mirror_upstreams)")
    if status >= 500:
        seen = f"{registry} is not reached through the gate ({places}; {status}); what caches have is served"
        remedy = "see `docker logs` of the gate, the server's way out and name server, and mirror_upstreams"
        return Finding(UPSTREAM, Verdict.HARMS, seen, remedy)
    return Finding(UPSTREAM, Verdict.HOLDS, f"{registry} answers through the gate")


def judge_budget(line: str, now: datetime) -> Iterator[Finding]:
    """What an upstream last said is left of its limit, from a line of the gate's log; nothing where
    that is over."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("time", "remaining")):
        return
    numbers = REMAINING.fullmatch(entry["remaining"])
    if numbers is None:
        return
    try:
        moment = datetime.fromisoformat(entry["time"])
        age = (now - moment).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return
    if age > int(numbers[2] or WINDOW):
        return
    left = int(numbers[1])
    seen = f"{left} pulls of the upstream's limit were left at {moment.isoformat()}"
    if left > RESERVE:
        yield Finding(BUDGET, Verdict.HOLDS, seen)
        return
    remedy = "wait until the limit's time is over, or give the upstream an account (mirror_upstreams)"
    yield Finding(BUDGET, Verdict.HARMS, f"{seen}; `sync` leaves {RESERVE} alone by default", remedy)
