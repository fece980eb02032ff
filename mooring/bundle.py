"""What is sent to a host: the shell line that finds a Python, the boot code, and all of the agent's files."""

from __future__ import annotations

import base64
import json
import shlex
import struct
import zlib
from functools import cached_property
from pathlib import Path

AGENT = Path(__file__).parent / "agent"
INTERPRETERS = ("/usr/libexec/platform-python", "python3", "python2.7", "python")
TOO_OLD, NO_PYTHON, NO_BUNDLE = 96, 97, 98
# Tried by the interpreter before it reads anything, so that the shell can go on with the next one.
SUITS = f"sys.version_info[:2]==(2,7) or sys.version_info[:2]>=(3,6) or sys.exit({TOO_OLD})"


class Bundle:
    """The agent's files, compressed once; one object serves all hosts of a run."""

    def __init__(self, extra: dict[str, str] | None = None) -> None:
        """`extra` adds modules by name (tests bring their own)."""
        self._extra = extra or {}

    @cached_property
    def packed(self) -> bytes:
        """Length and zlib-compressed JSON {module name: source}, as boot.py takes it."""
        sources = {"mooring": ""}
        for path in sorted(AGENT.rglob("*.py")):
            parts = path.relative_to(AGENT.parent).with_suffix("").parts
            name = ".".join(("mooring", *(part for part in parts if part != "__init__")))
            if name != "mooring.agent.boot":
                sources[name] = path.read_text("ascii")
        body = zlib.compress(json.dumps({**sources, **self._extra}).encode("ascii"), 9)
        return struct.pack(">I", len(body)) + body

    @cached_property
    def boot(self) -> str:
        """The argument of `python -c`: one line without quotes that any login shell could trip over."""
        code = base64.b64encode(zlib.compress((AGENT / "boot.py").read_bytes(), 9)).decode()
        return (
            f"import sys,zlib,base64;{SUITS};"
            f'exec(compile(zlib.decompress(base64.b64decode("{code}")),"mooring/agent/boot.py","exec"))'
        )

    def script(self, interpreter: str | None = None) -> str:
        """The POSIX shell script that starts the agent with the first Python that suits.

        The agent itself runs in UTF-8 where the host can (Python 3.6 cannot open "é" in the C locale); it
        gets the host's own LC_ALL as argument and gives that to its children.
        """
        words = " ".join(shlex.quote(word) for word in ([interpreter] if interpreter else INTERPRETERS))
        return (
            f"boot={shlex.quote(self.boot)}; for python in {words}; do "
            'command -v "$python" >/dev/null 2>&1 || continue; '
            'LC_ALL=C.UTF-8 "$python" -B -c "$boot" "${LC_ALL-}"; status=$?; '
            f'[ "$status" -eq {TOO_OLD} ] || exit "$status"; done; exit {NO_PYTHON}'
        )

    def command(self, interpreter: str | None = None) -> str:
        """The script as one command for whatever login shell the user has."""
        return "/bin/sh -c " + shlex.quote(self.script(interpreter))
