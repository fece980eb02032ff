"""The registries' old protocol, /v1/, which Red Hat's engine asks of the same host
after the new one.

Tried on 1.13.1, 7d71120: a 404 or 401 of a registry that speaks the new protocol leads there, with
the user's login. By its source (`allowV1Fallback`, `confirmedV2`) so does a connection that does
not come about; other errors, and what follows the manifest, do not. Docker Hub and mirrors have no
/v1/, a digest is not looked for there, and neither is anything while signatures are verified, or
with disable-legacy-registry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mooring.engines.docker.engine import Engine
from mooring.engines.docker.registries import Registries
from mooring.records.route import Endpoint

VERSION, KIND = "/v1", "old protocol"
ENDS = "ends the pull"
MISSING = "a 404 or 401 (UNAUTHORIZED, MANIFEST_UNKNOWN or NAME_UNKNOWN)"
TO_OLD = f"no connection, or {MISSING}; any other error {ENDS}"
TO_PLAIN = "no TLS connection; over TLS {} leads to {}, any other error {}"


def is_asked(engine: Engine, known: Registries, repository: str) -> bool:
    """Whether a pull of `repository` (with its tag or digest) may come to the old protocol."""
    return engine.is_redhat and not known.is_v2_only and not known.verifies_signatures and "@" not in repository


def with_old(endpoints: list[Endpoint]) -> Iterator[Endpoint]:
    """A registry's endpoints, TLS first, with those of the old protocol behind them."""
    for number, endpoint in enumerate(endpoints, 1):
        is_last = number == len(endpoints)
        plain = TO_PLAIN.format(MISSING, f"{endpoint.url}{VERSION}", ENDS)
        yield replace(endpoint, next_on=TO_OLD if is_last else plain)
    for number, endpoint in enumerate(endpoints, 1):
        rule = "" if number == len(endpoints) else f"no TLS connection; any other error {ENDS}"
        yield replace(endpoint, kind=KIND, url=f"{endpoint.url}{VERSION}", next_on=rule)
