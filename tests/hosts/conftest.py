"""The checks that `invoke verify` runs on every host of the inventory;
mooring/verification/fixtures.py has what they may ask for."""

from __future__ import annotations

import pytest

from mooring.invocation import invocation
from mooring.verification.plugin import NAME


def pytest_collection(session: pytest.Session) -> None:
    if session.config.pluginmanager.get_plugin(NAME) is None:
        pytest.exit(f"these checks need connected hosts: run them by `{invocation('verify')}`", returncode=1)
