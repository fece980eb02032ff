"""What the first worker of a run makes for all of them."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> tuple[Path, Any]:
    """The directory that `make` has filled, and what it returned, as JSON holds it. Who comes
    meanwhile waits."""
    base = factory.getbasetemp()
    place = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, answer = place / name, place / f"{name}.json"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            text = json.dumps(make(folder))
            answer.write_text(text, encoding="utf-8")
    return folder, json.loads(answer.read_text(encoding="utf-8"))
