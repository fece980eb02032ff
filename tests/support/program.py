"""The program as it really runs, started by its module."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def call(*words: str, folder: Path = CHECKOUT, **names: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "80", **names}
    argv = [sys.executable, "-m", "mooring.cli", *words]
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def uncovered() -> dict[str, str]:
    """The environment without what makes coverage measure children.

    One that may write no file could not save what was measured, and a stand-in for coverage would
    not be imported.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
