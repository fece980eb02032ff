"""Docker engines of four ages from Debian's suites, each in a root of its own that
holds little else.

Fetched once by this machine's apt with the suite's own index, unpacked without being
installed, and kept.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.commands import find_program
from lab.places import cache
from lab.programs import apt_get

RECIPE = "1"  # of what is in a root: another one makes new roots
PROGRAMS = ("docker.io", "containerd", "runc", "tini", "tini-static")
NEEDED = ("apt-get", "dpkg-deb", "unshare", "setpriv", "chroot", "mount")


@dataclass(frozen=True)
class Suite:
    """A Debian release, and the version of docker that it has."""

    name: str
    docker: str


SUITES = (
    Suite("bullseye", "20.10.5"),
    Suite("bookworm", "20.10.24"),
    Suite("trixie", "26.1.5"),
    Suite("forky", "28.5.2"),
)


class NoEngine(Exception):
    """Why this machine cannot have the engine."""


def ensure_root(suite: Suite) -> Path:
    """The suite's root directory, fetched and unpacked where that has not been done before."""
    missing = [name for name in NEEDED if not find_program(name)]
    if missing or os.geteuid() != 0:
        raise NoEngine(f"a daemon alone needs root on a Debian machine, with {' '.join(missing) or 'all rights'}")
    kept = cache() / "engines" / f"{suite.name}-{suite.docker}-{RECIPE}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (kept.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            for stale in kept.parent.glob(f"{suite.name}-*"):
                shutil.rmtree(stale)
            partial = kept.with_name(f"{suite.name}-partial")
            _fill(partial / "root", partial / "apt", suite)
            shutil.rmtree(partial / "apt")
            (partial / "root").rename(kept)
            partial.rmdir()
    return kept


def _fill(root: Path, apt: Path, suite: Suite) -> None:
    """Unpacks the engine and the libraries that it is linked to; what only an installation
    needs is left out."""
    get = apt_get(suite.name, apt)
    _run([*get, "update"])
    planned = _run([*get, "--simulate", "--no-install-recommends", "install", "docker.io"])
    lines = [line.split() for line in planned.splitlines() if line.startswith("Inst ")]
    offered = next(line[2].lstrip("(") for line in lines if line[1] == "docker.io")
    if not offered.startswith(f"{suite.docker}+"):
        raise NoEngine(f"Debian's {suite.name} has docker {offered} now, and no longer {suite.docker}")
    names = [line[1] for line in lines if line[1] in PROGRAMS or line[1].startswith("lib")]
    archives = apt / "archives"
    _run([*get, "download", *(name for name in names if "perl" not in name)], archives)
    root.mkdir()
    # Where /lib and /usr/lib are one, as in newer suites, packages of both kinds must meet.
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in sorted(archives.glob("*.deb")):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacked:
            subprocess.run(
                ["tar", "-C", str(root), "-x", "--keep-directory-symlink"], stdin=unpacked.stdout, check=True
            )
    for name in ("etc/docker", "proc", "sys", "dev", "run", "tmp", "var/lib/docker", "var/lib/containerd"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "var/run").symlink_to("../run")
    for name in ("usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(root / name, ignore_errors=True)


def _run(words: list[str], where: Path | None = None) -> str:
    done = subprocess.run(words, cwd=where, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if done.returncode:
        raise NoEngine(f"{' '.join(words[:1] + words[-2:])}: {done.stderr.strip()[-500:]}")
    return done.stdout
