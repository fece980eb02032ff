"""A route: the places that a pull asks, one after the other."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True)
class Endpoint:
    """One place that is asked for `repository`.

    `tls` is "verified", "unverified" or "none"; `trust` says which authorities a verified one
    trusts; `credentials` whose login is sent, where the user has it; `next_on` what makes the
    engine try the next one, empty at the end.
    """

    kind: str
    url: str
    repository: str
    tls: str
    trust: str
    credentials: str
    _: KW_ONLY
    next_on: str = ""


@dataclass(frozen=True)
class Route:
    """All endpoints of a pull; `refusal` is what the engine says where there is none. `notes` are
    further facts."""

    endpoints: tuple[Endpoint, ...] = ()
    refusal: str = ""
    notes: tuple[str, ...] = ()
