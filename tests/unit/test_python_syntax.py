"""Python's own syntax, read by many threads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The interpreter lets another thread go on while it makes a tree
# only where it collects garbage meanwhile, and that takes a while.
PROGRAM = """
import gc, pathlib, sys, threading, time
from mooring.python_syntax import parse_module

class Slow:
    def __init__(self):
        self.itself = self
    def __del__(self):
        time.sleep(0)

def work():
    for text in texts * 2:
        [Slow() for _ in range(20)]
        try:
            parse_module(text, "")
        except BaseException as error:
            errors.append(repr(error))

errors = []
texts = [path.read_bytes() for path in sorted(pathlib.Path("mooring/agent/modules").glob("*.py"))[:12]]
gc.set_threshold(5, 1, 1)
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit("; ".join(errors) or 0)
"""


def test_many_threads_read_it_at_once() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
