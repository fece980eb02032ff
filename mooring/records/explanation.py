"""Where a pull goes on a host, and what is wrong there, as `invoke explain` shows it."""

from __future__ import annotations

from dataclasses import dataclass

from mooring.records.mirror import ServerChain
from mooring.records.route import Route


@dataclass(frozen=True)
class Fault:
    """Something wrong: the rule's name, what follows from it, and a sentence with its places."""

    rule: str
    severity: str
    text: str


@dataclass(frozen=True)
class Difference:
    """One setting: what the daemon runs with, and what the next start would make of the files."""

    key: str
    now: tuple[str, ...]
    later: tuple[str, ...]


@dataclass(frozen=True)
class NextBoot:
    """What only a boot changes; `route` is None where it is as after a restart."""

    reasons: tuple[str, ...]
    route: Route | None
    faults: tuple[Fault, ...]
    will_start: bool


@dataclass(frozen=True, kw_only=True)
class PullExplanation:
    """A pull by `command` on a host; `now` is None where nothing runs, `boot` where the next one
    changes nothing.

    `stopped` says what does not start again, "" where all does. `chains` are what servers do with
    requests of the routes, `unknown` why that is not known.
    """

    host: str
    command: str
    image: str
    engine: str
    has_daemon: bool
    now: Route | None
    later: Route
    faults: tuple[Fault, ...]
    differences: tuple[Difference, ...]
    stopped: str
    boot: NextBoot | None
    chains: tuple[ServerChain, ...] = ()
    unknown: str = ""
