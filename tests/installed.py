"""Mooring as a user has it: a wheel built from this tree, installed into a fresh virtual
environment.

No network is needed: hatchling is among the development packages, and the fresh environment finds
the packages that Mooring needs where this interpreter has them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


@dataclass(frozen=True)
class Installed:
    """The virtual environment at `path`."""

    path: Path

    @classmethod
    def make(cls, folder: Path, tree: Path = ROOT) -> Installed:
        """Build the tree's wheel, make the environment and install the one into the other."""
        made = cls(folder / "venv")
        succeed([sys.executable, "-m", "venv", "--without-pip", str(made.path)], folder)
        # pip is among these packages too.
        (made.packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
        made.install(build_wheel(folder, tree))
        return made

    def install(self, wheel: Path) -> None:
        """Install a wheel, also in place of an earlier one."""
        python = str(self.path / "bin" / "python")
        succeed([python, *PIP, "install", "--upgrade", "--no-deps", "--no-index", str(wheel)], self.path)

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        (site_packages,) = (self.path / "lib").glob("python3*/site-packages")
        return site_packages

    def run(self, folder: Path, *words: str | Path, program: str = "invoke") -> subprocess.CompletedProcess[str]:
        """One of its programs, called in the folder."""
        argv = [str(self.path / "bin" / program), *map(str, words)]
        return subprocess.run(
            argv, cwd=folder, env=plain(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )


def build_wheel(folder: Path, tree: Path = ROOT) -> Path:
    """The wheel of a tree, built into a folder that has none."""
    words = ("wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", str(folder), str(tree))
    succeed([sys.executable, *PIP, *words], folder)
    (wheel,) = folder.glob("mooring-*.whl")
    return wheel


def plain() -> dict[str, str]:
    """The environment without what would lead to this tree's own package."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE_"))}


def succeed(argv: list[str], folder: Path) -> None:
    ran = subprocess.run(argv, cwd=folder, env=plain(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran
