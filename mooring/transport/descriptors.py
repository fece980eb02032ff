"""Open files: a run has as many hosts connected as this process may have descriptors for, and says
where that is few.

A host costs one descriptor, however many agents run there; while it connects some more, for keys
and helpers.
"""

from __future__ import annotations

import contextlib
import resource
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from mooring.errors import UsageError

# What the process itself has open, with libraries and reporters.
OWN = 64
# What one host has open for a moment besides its connection.
WORKING = 4
# What a connection may come to have: one to this very machine has three pipes and a selector.
CONNECTED = 4


@dataclass(frozen=True)
class Room:
    """`forks` hosts may work at the same time; `kept` connections stay open between their tasks,
    None for all."""

    forks: int
    kept: int | None = None
    slots: threading.Semaphore = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", threading.Semaphore(self.forks))

    def is_over(self, connected: int) -> bool:
        """Whether more connections are open than may stay so."""
        return self.kept is not None and connected > self.kept


def make_room(hosts: int, forks: int, warn: Callable[[str], None], keeps: bool = True) -> Room:
    """Raise the soft limit to what so many hosts need; the room that there is then, told by `warn`
    where it is small.

    Without `keeps` a host's connection is closed as soon as it is done. Raises UsageError where no
    room is at all.
    """
    forks = max(1, min(forks, hosts))
    connected = hosts if keeps else forks
    needed = OWN + forks * WORKING + connected
    limit = _raise_limit(needed + connected * (CONNECTED - 1))
    if limit is None or limit >= needed:
        return Room(forks)
    few = min(forks, (limit - OWN) // (WORKING + 1))
    about = f"{hosts} hosts need {needed} open files, and this process may have {limit} (hard limit)"
    remedy = f"allow more with `ulimit -n {needed}`, or take fewer hosts at a time"
    if few < 1:
        raise UsageError(f"{about}, too few for a single one: {remedy}")
    kept = limit - OWN - few * WORKING if keeps else None
    slower = f"{few} work at the same time (as with --forks {few})" if few < forks else "they are connected in turns"
    closing = f", and all but {kept} connect anew for each task" if keeps else ""
    warn(f"{about}: {slower}{closing}; {remedy}")
    return Room(few, kept)


def _raise_limit(wanted: int) -> int | None:
    """The soft limit, raised as far as it is needed and may be; None for none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        goal = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (goal, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft
