"""What is sent to a host: the shell line that finds a Python, the boot code, and all of the agent's files."""

from __future__ import annotations

import json
import shlex
import struct
import zlib
from functools import cached_property
from pathlib import Path

from mooring.connection.become import READY

AGENT = Path(__file__).parent / "agent"
INTERPRETERS = ("/usr/libexec/platform-python", "python3", "python2.7", "python")
TOO_OLD, NO_PYTHON, NO_BUNDLE = 96, 97, 98
# `python -c` gets only this, and boot.py on standard input: what stands in argv also stands in sudo's log. No
# quotes but the outer ones, and no line breaks, so that no login shell trips over it.
STUB = (
    r"import sys\n"
    r"sys.path[:]=[path for path in sys.path if path]\n"  # a zlib.py in the login directory must not win
    r"import os,select,zlib\n"
    r"if not (2,7)<=sys.version_info[:2]<(3,0) and sys.version_info[:2]<(3,6): sys.exit({too_old})\n"
    r"data=bytes()\n"
    r"while len(data)<{size}:\n"
    r" select.select([0],[],[])\n"
    r" part=os.read(0,{size}-len(data))\n"
    r" if not part: sys.exit({no_bundle})\n"
    r" data+=part\n"
    r"exec(zlib.decompress(data))"
)


class Bundle:
    """The agent's files, compressed once; one object serves all hosts of a run."""

    def __init__(self, extra: dict[str, str] | None = None) -> None:
        """`extra` adds modules by name (tests bring their own)."""
        self._extra = extra or {}

    @cached_property
    def packed(self) -> bytes:
        """All that goes to standard input: boot.py, compressed, and what boot.py takes itself."""
        sources = {"mooring": ""}
        for path in sorted(AGENT.rglob("*.py")):
            parts = path.relative_to(AGENT.parent).with_suffix("").parts
            name = ".".join(("mooring", *(part for part in parts if part != "__init__")))
            if name != "mooring.agent.boot":
                sources[name] = path.read_text("ascii")
        body = zlib.compress(json.dumps({**sources, **self._extra}).encode("ascii"), 9)
        return self._boot + struct.pack(">I", len(body)) + body

    @cached_property
    def _boot(self) -> bytes:
        return zlib.compress((AGENT / "boot.py").read_bytes(), 9)

    def script(self, interpreter: str | None = None) -> str:
        """The POSIX shell script that starts the agent with the first Python that suits.

        The agent itself runs in UTF-8 where the host can (Python 3.6 cannot open "é" in the C locale); it
        gets the host's own LC_ALL as argument and gives that to its children.
        """
        words = " ".join(shlex.quote(word) for word in ([interpreter] if interpreter else INTERPRETERS))
        stub = STUB.format(too_old=TOO_OLD, no_bundle=NO_BUNDLE, size=len(self._boot))
        return (
            f'printf "{_escape(READY)}"; '
            f"for python in {words}; do "
            'command -v "$python" >/dev/null 2>&1 || continue; '
            f'LC_ALL=C.UTF-8 "$python" -B -c \'exec("{stub}")\' "${{LC_ALL-}}"; status=$?; '
            f'[ "$status" -eq {TOO_OLD} ] || exit "$status"; done; exit {NO_PYTHON}'
        )

    def command(self, interpreter: str | None = None) -> str:
        """The script as one command for whatever login shell the user has."""
        return "/bin/sh -c " + shlex.quote(self.script(interpreter))


def _escape(data: bytes) -> str:
    """Bytes for printf: octal, so that the command itself does not hold what is waited for."""
    return "".join(f"\\{byte:03o}" for byte in data)
