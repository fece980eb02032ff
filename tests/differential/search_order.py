"""The order in which an engine looks a name up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mooring.engines.docker.registries import Registries


def in_order(registries: Registries | None) -> Any:
    """The same with the insecure entries in order, as the API has them in none."""
    assert registries is not None
    return replace(registries, insecure=tuple(sorted(registries.insecure)))
