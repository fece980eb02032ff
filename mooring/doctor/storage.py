"""The registry's storage: whether more images can be written, and none of those that were there is
out of sight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.fleet import server_storage
from mooring.fleet.survey import FleetHost
from mooring.invocation import invocation
from mooring.records.diagnosis import Finding, Verdict

RULE = "storage"
SPACE = "see `df -h`, `df -i` and `dmesg` on the server: free space, or mount the disk writable"


def look(host: FleetHost, variables: Mapping[str, Any]) -> Iterator[Finding]:
    """The storage of the registry as it runs."""
    yield judge_storage(server_storage.ask(host, variables))


def judge_storage(reply: Mapping[str, Any]) -> Finding:
    """What is wrong with the place that is served, else with the one that the next provisioning
    would serve."""
    place = server_storage.find_place(reply)
    if place["trouble"]:
        return Finding(RULE, Verdict.BREAKS, place["trouble"], SPACE)
    if reply["refusal"]:
        verdict = Verdict.BREAKS if server_storage.find_trouble(reply) else Verdict.HARMS
        return Finding(RULE, verdict, reply["refusal"], f"then run `{invocation('provision-server')}`")
    if place["warning"]:
        return Finding(RULE, Verdict.HARMS, place["warning"], SPACE)
    count = "" if place["repositories"] is None else f", repositories: {place['repositories']}"
    return Finding(RULE, Verdict.HOLDS, f"{place['name']} can be written{count}")
