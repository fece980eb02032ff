"""What is sent to a host: the shell line that finds a Python, the boot code, and all of
the agent's files."""

from __future__ import annotations

import json
import shlex
import struct
import zlib
from functools import cached_property
from pathlib import Path

from mooring.transport.connection.become import READY

AGENT = Path(__file__).parents[1] / "agent"
INTERPRETERS = ("/usr/libexec/platform-python", "python3", "python2.7", "python")
# Where sudo keeps the login's PATH, a name in it may be a program of the login's: root's own come
# first.
OF_THE_SYSTEM = tuple(f"{place}/{name}" for place in ("/usr/bin", "/usr/local/bin") for name in INTERPRETERS[1:])
# Nothing of the login's runs in the agent: no PYTHON* (-E), no site of the user's (-s), no .pth, no
# sitecustomize (-S). Its children get its environment as it is. Old virtualenvs find most of the
# standard library by their `site` only; they are started again without -S, for who made their
# program made that too.
FLAGS = ("-E -s -S -B", "-E -s -B")
# Python 3.13 imports a module before it runs the first line, from the working directory too: so it
# begins in /, and boot.py goes back. Its children see the same PWD as ever.
AT_ROOT = 'here=$PWD before=${OLDPWD-}; cd /; PWD=$here OLDPWD=$before; [ -n "$before" ] || unset OLDPWD; '
NEEDS_SITE, TOO_OLD, NO_PYTHON, NO_BUNDLE = 95, 96, 97, 98
# `python -c` gets only this, and boot.py on standard input: what stands in argv also stands in
# sudo's log. No quotes but the outer ones, and no line breaks, so that no login shell trips over
# it.
STUB = (
    r"import sys\n"
    r"sys.path[:]=[path for path in sys.path if path]\n"  # a zlib.py in the login directory must not win
    r"try: import json,os,select,zlib\n"
    r"except ImportError:\n"
    r" if sys.flags.no_site: sys.exit({needs_site})\n"
    r" raise\n"
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

    def script(self, interpreter: str | None = None, becomes: bool = False) -> str:
        """The POSIX shell script that starts the agent with the first Python that suits.

        Where another user is become, Pythons in the system's own directories come before those that
        PATH names. The agent itself runs in UTF-8 where the host can (Python 3.6 cannot open "é" in
        the C locale); it gets the host's own LC_ALL as argument and gives that to its children, and
        the directory to work in.
        """
        known = (INTERPRETERS[0], *OF_THE_SYSTEM, *INTERPRETERS[1:]) if becomes else INTERPRETERS
        words = " ".join(shlex.quote(word) for word in ([interpreter] if interpreter else known))
        stub = STUB.format(needs_site=NEEDS_SITE, too_old=TOO_OLD, no_bundle=NO_BUNDLE, size=len(self._boot))
        return (
            f'printf "{_escape(READY)}"; {AT_ROOT}'
            f"for python in {words}; do "
            'case "$python" in /*) ;; */*) python=$here/$python ;; esac; '
            'command -v "$python" >/dev/null 2>&1 || continue; '
            f"for flags in {' '.join(shlex.quote(flags) for flags in FLAGS)}; do "
            f'LC_ALL=C.UTF-8 "$python" $flags -c \'exec("{stub}")\' "${{LC_ALL-}}" "$here"; status=$?; '
            f'[ "$status" -eq {NEEDS_SITE} ] || break; done; '
            f'[ "$status" -eq {TOO_OLD} ] || exit "$status"; done; exit {NO_PYTHON}'
        )

    def command(self, interpreter: str | None = None) -> str:
        """The script as one command for whatever login shell the user has."""
        return "/bin/sh -c " + shlex.quote(self.script(interpreter))


def _escape(data: bytes) -> str:
    """Bytes for printf: octal, so that the command itself does not hold what is waited for."""
    return "".join(f"\\{byte:03o}" for byte in data)
