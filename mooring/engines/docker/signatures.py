"""The verification of signatures, which Red Hat's engine does unless it is told not to.

The manifest is then asked for once more, by another library that knows neither mirrors nor the
block list (source: `ciImage`, `checkTrusted`): Docker Hub is asked for it before any mirror, and
the mirror serves only what Docker Hub knows. Tried on 1.13.1, 7d71120; engines before 1.12 have no
such option.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mooring.engines.docker.conflicts import POLICY, Conflict, Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.engine import Engine
from mooring.engines.docker.type_rules import TRUE

KEY, OFF, SINCE = "signature-verification", "--signature-verification=false", (1, 12)


def are_verified(engine: Engine, values: Sequence[str]) -> bool:
    """Whether the engine verifies them; `values` are the option's values, the last of which
    counts."""
    return engine.is_redhat and engine.version >= SINCE and (not values or values[-1] in TRUE)


def lacks_policy(files: Mapping[str, str | None]) -> bool:
    """Whether the host was asked for its policy and has none."""
    return POLICY in files and files[POLICY] is None


def find_missing_policy(effective: Effective) -> Iterator[Conflict]:
    """1.13.1 verifies signatures by default, and without a policy every pull fails (tried)."""
    values = effective.values(KEY)
    if not are_verified(effective.engine, [value.text for value in values]):
        return
    if lacks_policy(effective.texts.files):
        message = f"pulls fail: signatures are verified, and there is no {POLICY} (or set {OFF})"
        places = (values[-1].origin,) if values else (effective.service.origin,)
        yield Conflict("policy", Severity.ENDS_PULLS, message, places)


RULES = (find_missing_policy,)
