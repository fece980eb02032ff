"""The big fleet's inventory, and its opt-in hosts in their first state."""

from __future__ import annotations

import os
from collections.abc import Iterator

from invocations import invoke, succeed
from lab_hosts import LookedAt

from lab.topology import OPT_IN, SMALL_FLEET

FLEET = ("--inventory", "lab/fleet.yml")


def boot_opt_in() -> Iterator[list[LookedAt]]:
    """The opt-in hosts, made anew and gone afterwards; with MOORING_LAB_AS_IS=1 as they
    are found, and left."""
    keep = bool(os.environ.get("MOORING_LAB_AS_IS"))
    if not keep:
        succeed(invoke("lab.down", "--opt-in"))
    succeed(invoke("lab.up", "--all"))
    yield [LookedAt.named(host.name) for host in OPT_IN]
    if not keep:
        succeed(invoke("lab.down", "--opt-in"))
        assert states() == {host.name: "up" for host in SMALL_FLEET} | {host.name: "absent" for host in OPT_IN}


def states() -> dict[str, str]:
    """What lab.status says of each host."""
    return dict(line.split()[:2] for line in succeed(invoke("lab.status")).out.splitlines())
