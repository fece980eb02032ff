"""Drawn wishes for the planner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from mooring.engines.plan.wanted import Registry

KINDS: dict[str, dict[str, Any]] = {
    "insecure": {"insecure": True},
    "ca": {"ca": "CA\n"},
    "plain": {},
    "mutual": {"ca": "CA\n", "certificate": "C\n", "key": "K\n"},
}


def draw_registries(draw: st.DrawFn, names: Sequence[str]) -> tuple[Registry, ...]:
    """Up to three registries of these names: insecure, known by a certificate, or neither."""
    registries = []
    for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
        kind = draw(st.sampled_from(["insecure", "ca", "mutual", "plain"]))
        registries.append(Registry(name, search=draw(st.sampled_from([False, "where-possible"])), **KINDS[kind]))
    return tuple(registries)
