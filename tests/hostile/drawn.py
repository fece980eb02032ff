"""Draws: a few rounds by default, many with --long; each has a yard with a dozen
hosts, drawn one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from tests.hostile.yard import Yard

FEW, MANY = 2, 60


class Yards:
    """Makes yards in folders of their own."""

    def __init__(self, place: Path, keys: dict[str, Path]) -> None:
        self._place, self._keys, self._count = place, keys, 0

    def make(self) -> Yard:
        """A new one."""
        self._count += 1
        folder = self._place / str(self._count)
        folder.mkdir()
        return Yard(folder, self._keys)


def draw(request: pytest.FixtureRequest, what: SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Call the check with what is drawn; a failure is told as it came, since each
    round is a whole run."""
    count = MANY if request.config.getoption("--long") else FEW
    chosen = settings(
        max_examples=count, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    chosen(given(what)(check))()
