"""Modules run by another Python, one request after the other, with what memory that takes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mooring.playbook import arguments

ROOT = Path(__file__).parents[2]
# Reads requests, each a line, and answers each with a line; `peak` is the most memory that it has
# had, in KiB. Not getrusage's: that begins with the memory of the process that started this one.
PROGRAM = """
import json, re, sys
from mooring.agent import host, loop
for line in iter(sys.stdin.readline, ""):
    reply = loop.perform(json.loads(line), host.Session())
    peak = int(re.search("VmHWM: *([0-9]+) kB", open("/proc/self/status").read().replace("\\t", " ")).group(1))
    sys.stdout.write(json.dumps([reply, peak]) + "\\n")
    sys.stdout.flush()
"""


class ModuleProcess:
    """The process; `peak` is the most memory that it has had so far, in bytes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.peak = 0

    def begin(self, module: str, **args: Any) -> None:
        """Send a request and do not wait."""
        normalized = arguments.normalize(arguments.find_module(module), args, None)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"module": module, "args": normalized}) + "\n")
        self._process.stdin.flush()

    def end(self) -> dict[str, Any]:
        """The reply to the request that began."""
        assert self._process.stdout is not None
        reply, peak = json.loads(self._process.stdout.readline())
        self.peak = peak * 1024
        assert "exception" not in reply, reply["exception"]
        assert peak < 200 * 1024
        return reply  # type: ignore[no-any-return]

    def run(self, module: str, **args: Any) -> dict[str, Any]:
        self.begin(module, **args)
        return self.end()

    def fail(self, module: str, **args: Any) -> str:
        reply = self.run(module, **args)
        assert reply.get("failed"), reply
        assert len(reply["msg"]) < 400
        return str(reply["msg"])

    def kill(self) -> None:
        """As when its host does: nothing is tidied up."""
        self._process.kill()
        self._process.wait()


@contextmanager
def run_modules(interpreter: str, before: str = "") -> Iterator[ModuleProcess]:
    """The process; BEFORE is Python that it runs first. It ends with its standard input."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C"}
    environment = {name: value for name, value in environment.items() if not name.lower().endswith("_proxy")}
    with subprocess.Popen(
        [interpreter, "-c", before + PROGRAM],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield ModuleProcess(process)
