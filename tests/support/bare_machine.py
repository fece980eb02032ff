"""A machine that has only what a test puts there, for the launcher."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).parents[2] / "invoke"
TOOLS = ("sh", "dirname", "cat", "cksum", "printf", "grep", "mkdir")
# As pip writes the first lines of a script where the path
# of its Python has a blank in it, or is long.
PIPS_SCRIPT = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
"""
APT = """#!/bin/sh
echo "apt-get $*" >>{log}
exit {status}
"""


class Machine:
    """A checkout with a space in its path, and a PATH that holds only what is put there."""

    def __init__(self, folder: Path, name: str = "a checkout") -> None:
        self.checkout = folder / name
        self.checkout.mkdir()
        shutil.copy(LAUNCHER, self.checkout / "invoke")
        (self.checkout / "requirements.lock").write_text("nothing\n")
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        for name in TOOLS:
            (self.bin / name).symlink_to(str(shutil.which(name)))
        self.put("id", "#!/bin/sh\necho 1000\n")

    def put(self, name: str, text: str, folder: Path | None = None) -> None:
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def become_root(self, apt_status: int) -> None:
        self.put("id", "#!/bin/sh\necho 0\n")
        self.put("apt-get", APT.format(log=self.log, status=apt_status))

    def make_venv(self) -> None:
        """A .venv that looks as the launcher leaves it; its invoke tells how it was called."""
        place = self.checkout / ".venv" / "bin"
        for name in ("pip", "invoke"):
            self.put(name, PIPS_SCRIPT.format(python=place / "python"), place)
        module = 'case $1 in -m) shift; echo "$(pwd)" "$@" ;; *) exec "$real" "$@" ;; esac\n'
        self.put("python", f"#!/bin/sh\nreal={shlex.quote(sys.executable)}\n{module}", place)
        (self.checkout / ".venv" / "checkout").write_text(f"{self.checkout}\n")
        with (self.checkout / "requirements.lock").open() as lock:
            stamp = subprocess.run(["cksum"], stdin=lock, capture_output=True, text=True, check=True).stdout
        (self.checkout / ".venv" / "requirements.lock.installed").write_text(stamp)

    def run(self, *words: str, **names: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": "/", **names}
        argv = ["sh", f"{self.checkout}/invoke", *words]
        return subprocess.run(argv, cwd="/", env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)
