"""What an action of the control machine asks the run to do, beside its return values.

An action returns it under EFFECT. Only an action can: these are objects, and a host sends JSON,
from whose replies that key is taken out besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EFFECT = "_effect"


@dataclass(frozen=True)
class Include:
    """Run the tasks of this file here."""

    path: Path


@dataclass(frozen=True)
class IncludeVariables:
    """Keep the variables of one of the operator's files for the host; they are templates, as
    everywhere in files."""

    variables: Mapping[str, Any]


@dataclass(frozen=True)
class SetFacts:
    """Keep these values for the host, each with the marks that it has."""

    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Steer:
    """What `meta` says: flush_handlers, end_host, end_play, noop, reset_connection."""

    word: str
