"""Options of the whole test suite."""

from __future__ import annotations

import gc
import os
import signal
import tempfile

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what runs in the background with SIGINT
    # ignored, and the tests' own commands inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    keep_bytecode(config)
    # What collecting makes stays to the end: to look through
    # it for garbage again and again takes a third of its time.
    gc.disable()
    config.addinivalue_line("markers", "long: takes long and fails rarely; only with --long")


def keep_bytecode(config: pytest.Config) -> None:
    """What Python compiles is kept for the hundreds of commands that the tests start,
    beside the checkout.

    The workers of a run inherit the folder of their controller.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "PYTHONPYCACHEPREFIX" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="mooring-bytecode-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        os.environ["PYTHONPYCACHEPREFIX"] = folder.name


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="only with --long"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also the long ones, and many drawn cases instead of a few")
