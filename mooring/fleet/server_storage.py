"""The place where the registry keeps its images, as the server says: what keeps it from serving and
taking them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.fleet.survey import FleetHost


def ask(host: FleetHost, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reply of the module `registry_storage`, by the variables of the role registry."""
    return host.call("registry_storage", **arguments(variables))


def arguments(variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the module is asked."""
    return {
        "container": variables["registry_container_name"],
        "directory": variables["registry_storage_directory"],
        "environment": variables["registry_environment"],
        "accept": variables["registry_accept_empty_storage"],
        "record": variables["registry_record_path"],
    }


def find_place(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    """The place that is served, else the one that the next provisioning would serve."""
    place: Mapping[str, Any] = reply["earlier"] or reply["wanted"]
    return place


def find_trouble(reply: Mapping[str, Any]) -> str:
    """Why images cannot be written there, or are out of sight, in a sentence; ""
    where neither is so.

    That the next provisioning would be refused another place is not a fault of the
    storage that is served.
    """
    place = find_place(reply)
    if place["trouble"]:
        return str(place["trouble"])
    return str(reply["refusal"]) if place["name"] == reply["wanted"]["name"] else ""
