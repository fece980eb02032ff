"""The lab's stand-in for Docker Hub, as drills use it: its log, its knobs, and off."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from lab_hosts import LookedAt

LOG = "/var/log/docker-hub.log"
KNOBS = "/etc/docker-hub/knobs.json"


class HubHost(LookedAt):
    """The host `hub`; keys of its log stand in lab/hub/log.py, its knobs in lab/hub/knobs.py."""

    def requests(self) -> list[dict[str, Any]]:
        """One record for each request since the log was emptied."""
        return [json.loads(line) for line in self.lines(f"cat {LOG}")]

    def forget(self) -> None:
        """The log is empty afterwards."""
        self.run(f": > {LOG}")

    @contextmanager
    def knobs(self, **knobs: Any) -> Iterator[None]:
        """These and no others within; then the lab's own again."""
        usual = self.run(f"cat {KNOBS}")
        self._set(json.dumps(knobs))
        try:
            yield
        finally:
            self._set(usual)

    @contextmanager
    def off(self) -> Iterator[None]:
        """Nothing answers by Docker Hub's names within; the registry behind it goes on."""
        self.run("systemctl stop docker-hub")
        try:
            yield
        finally:
            self.run("systemctl start docker-hub")

    def crane(self, *words: str) -> str:
        """What `crane WORDS` prints on the hub, whose registry is 127.0.0.1:5000 there; skipped
        where it has none."""
        if not self.succeeds("command -v crane"):
            assert not os.environ.get("CI"), "continuous integration must have crane"
            pytest.skip("the hub was built without crane")
        return self.run(f"crane {shlex.join(words)}").rstrip("\n")

    def _set(self, text: str) -> None:
        # In one step: a request may come at any time.
        self.run(f"cat > {KNOBS}.new << 'END'\n{text}\nEND\nmv {KNOBS}.new {KNOBS}")
