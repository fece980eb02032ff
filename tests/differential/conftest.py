"""The engines that the resolver is held against."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from engines import Bench
from roots import SUITES, NoEngine, Suite, ensure_root


@pytest.fixture(scope="session", params=SUITES, ids=lambda suite: suite.docker)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    suite: Suite = request.param
    try:
        root = ensure_root(suite)
    except NoEngine as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    bench = Bench(suite, root)
    try:
        bench.start()
        yield bench
    finally:
        bench.close()


@pytest.fixture(scope="session")
def many(request: pytest.FixtureRequest) -> int:
    """How many cases to draw for one engine: each of them starts a daemon."""
    return 300 if request.config.getoption("long") else 15


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An engine's tests go to one worker: they share its containerd."""
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and "bench" in item.callspec.params:
            item.add_marker(pytest.mark.xdist_group(item.callspec.params["bench"].docker))
