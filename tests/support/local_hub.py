"""The lab's stand-in for Docker Hub (`lab/hub`) on loopback, as a process of its own
before a real registry."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.local_registry import SECONDS, run_program

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class LocalHub:
    """A hub that runs: its URL, and its folder with `requests.log`, `knobs.json` and what
    it says of itself."""

    url: str
    work: Path

    @property
    def authority(self) -> str:
        return self.url.partition("//")[2]

    def set_knobs(self, **knobs: Any) -> None:
        """These and no others from the next request on; names and meanings stand in
        lab/hub/knobs.py."""
        (self.work / "knobs.new").write_text(json.dumps(knobs))
        (self.work / "knobs.new").replace(self.work / "knobs.json")

    def requests(self) -> list[dict[str, Any]]:
        """One record for each request so far; keys as in lab/hub/log.py."""
        return [json.loads(line) for line in (self.work / "requests.log").read_text().splitlines()]

    def forget(self) -> None:
        """The log is empty afterwards."""
        (self.work / "requests.log").write_text("")


@contextmanager
def run_hub(work: Path, backend: str, options: Sequence[str] = ()) -> Iterator[LocalHub]:
    """A hub before the registry at BACKEND, at http://127.0.0.1:PORT, its blobs at
    http://localhost:PORT.

    OPTIONS are more of `python -m lab.hub.gateway`. Without other names its
    tokens are at URL/token.
    """
    work.mkdir(parents=True, exist_ok=True)
    log = work / "hub.log"
    argv = [sys.executable, "-m", "lab.hub.gateway", f"--backend={backend}"]
    argv += [f"--knobs={work / 'knobs.json'}", f"--log={work / 'requests.log'}", *options]
    with run_program(argv, log, ROOT) as process:
        until = time.monotonic() + SECONDS
        while not (listening := re.search(r"^listening on (\S+)$", log.read_text(), re.MULTILINE)):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.02)
        yield LocalHub(listening[1], work)
