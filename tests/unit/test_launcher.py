"""`./invoke` on machines that lack something: one line says what, and how to get it; programs in PATH are stand-ins."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).parents[2] / "invoke"
TOOLS = ("sh", "dirname", "cat", "cksum", "printf", "grep", "mkdir")
OLD = "#!/bin/sh\nexit 1\n"
WITHOUT_VENV = f"""#!/bin/sh
case "$2" in *ensurepip*) exit 1 ;; esac
exec {sys.executable} "$@"
"""
APT = """#!/bin/sh
echo "apt-get $*" >>{log}
exit {status}
"""


class Machine:
    """A checkout with a space in its path, and a PATH that holds only what is put there."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "a checkout"
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
        self.put("pip", f"#!{place}/python\n", place)
        self.put("invoke", '#!/bin/sh\necho "$(pwd)" "$@"\n', place)
        (place / "python").symlink_to(sys.executable)
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


def refusal(ran: subprocess.CompletedProcess[str]) -> str:
    """The one line of a refusal."""
    assert (ran.returncode, ran.stdout) == (1, "")
    (line,) = ran.stderr.splitlines()
    return line


def test_no_python_that_is_new_enough(machine: Machine) -> None:
    machine.put("python3", OLD)
    assert refusal(machine.run()).startswith(
        "mooring: Python 3.10 or newer is needed and not found: install it (Debian"
    )


def test_a_named_python_that_is_too_old(machine: Machine) -> None:
    machine.put("python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    machine.put("old", OLD)
    assert "is no Python 3.10 or newer" in refusal(machine.run(MOORING_PYTHON=f"{machine.bin}/old"))


def test_no_venv_module(machine: Machine) -> None:
    machine.put("python3", WITHOUT_VENV)
    assert "python3 lacks the venv module: install it (Debian, as root: apt-get" in refusal(machine.run())


def test_root_without_apt_is_told_the_same(machine: Machine) -> None:
    machine.put("id", "#!/bin/sh\necho 0\n")
    machine.put("python3", WITHOUT_VENV)
    assert "lacks the venv module" in refusal(machine.run())


def test_root_of_debian_installs_and_says_so(machine: Machine) -> None:
    machine.become_root(apt_status=100)
    machine.put("python3", OLD)
    ran = machine.run()
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "mooring: installing python3 python3-venv (apt-get)",
        "mooring: apt-get could not install python3 python3-venv: see its words above, install them, and try again",
    ]
    assert machine.log.read_text() == "apt-get update -qq\n"


def test_an_old_python_in_front_hides_no_newer_one(machine: Machine, tmp_path: Path) -> None:
    machine.put("python3", OLD, tmp_path / "front")
    machine.put("python3", WITHOUT_VENV)
    assert f"{machine.bin}/python3 lacks" in refusal(machine.run(PATH=f"{tmp_path}/front:{machine.bin}"))


def test_what_is_there_already_needs_nothing(machine: Machine) -> None:
    machine.make_venv()
    ran = machine.run("play", "a book.yml", CDPATH="/usr")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"{machine.checkout} play a book.yml\n"


def test_a_checkout_that_was_moved_is_made_anew(machine: Machine) -> None:
    machine.make_venv()
    os.rename(machine.checkout, machine.checkout.with_name("elsewhere"))
    machine.checkout = machine.checkout.with_name("elsewhere")
    assert "Python 3.10 or newer is needed" in refusal(machine.run())
