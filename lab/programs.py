"""Single programs from Debian's packages, unpacked without being installed and kept: what tests run
beside the lab.

Fetched once by this machine's apt with the release's own index, so the machine's own packages stay
as they are.
"""

from __future__ import annotations

import fcntl
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.commands import LabError, Say, find_program, run
from lab.mirror import debian_mirror, machine_sources
from lab.places import cache

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_NEEDED = ("apt-get", "dpkg-deb")


@dataclass(frozen=True)
class Program:
    """A program, Debian's package of it, the release whose package is meant, and how its
    version must begin."""

    package: str
    suite: str
    version: str
    path: str


PROGRAMS = {
    "docker-registry": Program("docker-registry", "bookworm", "2.8.2", "usr/bin/docker-registry"),
    # Bookworm has none; forky's needs no newer libc than bookworm's.
    "crane": Program("crane", "forky", "0.", "usr/bin/crane"),
}


def ensure_program(name: str) -> Path:
    """Where the program called NAME is, one of PROGRAMS; fetched where it was not before. LabError
    tells why not."""
    program = PROGRAMS[name]
    place = cache() / "programs" / f"{name}-{program.version}"
    if not place.exists():
        missing = [needed for needed in _NEEDED if not find_program(needed)]
        if missing:
            raise LabError(f"{name} comes from Debian's packages, and this machine has no {' and no '.join(missing)}")
        place.parent.mkdir(parents=True, exist_ok=True)
        with (place.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.exists():
                _fetch(program, place)
    return place


def ensure_programs(say: Say) -> None:
    """All PROGRAMS. The lab goes without what cannot be had now, as on a machine without a
    network."""
    for name in PROGRAMS:
        try:
            ensure_program(name)
        except LabError as error:
            say(f"without {name}: {error}")


def apt_get(suite: str, where: Path) -> list[str]:
    """An apt-get that knows the Debian release SUITE alone and keeps all of its own in the new
    directory WHERE."""
    for path in ("lists/partial", "archives/partial"):
        (where / path).mkdir(parents=True)
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    (where / "sources.list").write_text(f"deb {signed}{debian_mirror(machine_sources())} {suite} main\n")
    (where / "status").touch()
    settings = {
        "Dir::State::lists": where / "lists",
        "Dir::State::status": where / "status",
        "Dir::Etc::sourcelist": where / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Cache": where,
        "Dir::Cache::archives": where / "archives",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return ["apt-get", "-q", "-y", *(f"-o{name}={value}" for name, value in settings.items())]


def _fetch(program: Program, place: Path) -> None:
    work = place.with_name(f"{place.name}.partial")
    shutil.rmtree(work, ignore_errors=True)
    try:
        get = apt_get(program.suite, work / "apt")
        run([*get, "update"])
        archives = work / "apt/archives"
        run(["env", "-C", str(archives), *get, "download", program.package])
        offered = [deb.name for deb in archives.glob(f"{program.package}_*.deb")]
        if len(offered) != 1 or not offered[0].startswith(f"{program.package}_{program.version}"):
            raise LabError(f"Debian's {program.suite} has {' '.join(offered)} now, and no longer {program.version}")
        run(["dpkg-deb", "-x", str(archives / offered[0]), str(work / "root")])
        (work / "root" / program.path).rename(place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or PROGRAMS:
        sys.stdout.write(f"{ensure_program(wanted)}\n")
