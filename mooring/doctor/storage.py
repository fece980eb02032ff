"""The registry's storage: whether more images can be written, and none of those that were there is out of sight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.doctor.finding import Finding, Verdict
from mooring.fleet.survey import Visit

RULE = "storage"
SPACE = "see `df -h`, `df -i` and `dmesg` on the server: free space, or mount the disk writable"


def look(visit: Visit, variables: Mapping[str, Any]) -> Iterator[Finding]:
    """The storage of the registry as it runs."""
    yield judge(visit.call("registry_storage", **arguments(variables)))


def arguments(variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the module `registry_storage` is asked, by the variables of the role registry."""
    return {
        "container": variables["registry_container_name"],
        "directory": variables["registry_storage_directory"],
        "environment": variables["registry_environment"],
        "accept": variables["registry_accept_empty_storage"],
        "record": variables["registry_record_path"],
    }


def judge(reply: Mapping[str, Any]) -> Finding:
    """What is wrong with the place that is served, else with the one that the next provisioning would serve."""
    wanted = reply["wanted"]
    place = reply["earlier"] or wanted
    if place["trouble"]:
        return Finding(RULE, Verdict.BREAKS, place["trouble"], SPACE)
    if reply["refusal"]:
        is_served = place["name"] == wanted["name"]
        remedy = "then run `invoke provision-server`"
        return Finding(RULE, Verdict.BREAKS if is_served else Verdict.HARMS, reply["refusal"], remedy)
    if place["warning"]:
        return Finding(RULE, Verdict.HARMS, place["warning"], SPACE)
    count = "" if place["repositories"] is None else f", repositories: {place['repositories']}"
    return Finding(RULE, Verdict.HOLDS, f"{place['name']} can be written{count}")
