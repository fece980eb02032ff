"""Settings for all unit tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

# Machines are noisy: how long an example takes says nothing
# about the code, and CI draws the same ones every time.
FEW = settings(deadline=None, derandomize=True, max_examples=10)
MANY = settings(FEW, max_examples=1000)


def pytest_configure(config: pytest.Config) -> None:
    """Before any test is collected: a test's own settings are made of the profile
    that is loaded then."""
    settings.register_profile("mooring", MANY if config.getoption("--long") else FEW)
    settings.load_profile("mooring")
