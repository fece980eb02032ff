"""The engines that the resolver is held against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from engines import Bench
from roots import SUITES, Suite


@pytest.fixture(scope="session", params=SUITES, ids=lambda suite: suite.docker)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    suite: Suite = request.param
    bench = Bench(suite)
    yield bench
    bench.close()


@pytest.fixture(scope="session")
def many(request: pytest.FixtureRequest) -> int:
    """How many cases to draw for one engine."""
    return 300 if request.config.getoption("long") else 40
