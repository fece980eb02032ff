"""No text of a host keeps a reader busy: twice the text takes about twice the time, whatever its shape."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from readers import READERS

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "readers.py"
# By default a part of the size, so that all readers with all shapes take seconds; the whole with --long.
PART, SECONDS = 0.06, 60


@pytest.mark.parametrize("fraction", [PART, pytest.param(1.0, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_linear_time(name: str, fraction: float) -> None:
    seconds = SECONDS if fraction < 1 else 1800
    words = [sys.executable, str(PROGRAM), name, str(fraction)]
    try:
        ran = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        shapes = (late.stderr or b"").decode().splitlines()
        pytest.fail(f"not done after {seconds} s; the last shape that was done: {(shapes or ['none'])[-1]}")
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert json.loads(ran.stdout) == []
