"""Root directories of the lab's hosts: Debian, made by debootstrap, kept as one archive each for
the next time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.commands import Say, run, watch
from lab.places import cache, digest

_EVERY = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "sudo",
    "iproute2",
    "iptables",
    "ca-certificates",
    "openssl",
    "procps",
    "curl",
    "less",
    "kmod",
    "netbase",
    "libdevmapper1.02.1",
    "libseccomp2",
    "libltdl7",
    "python2.7",
)


@dataclass(frozen=True)
class Suite:
    """A Debian release as a root: the packages in it, and sets of packages that only lie beside it
    in /opt/debs/SET."""

    name: str
    packages: tuple[str, ...]
    beside: tuple[tuple[str, tuple[str, ...]], ...]


BULLSEYE = Suite("bullseye", (*_EVERY, "dnf", "rpm", "python3-rpm"), (("engine", ("docker.io",)),))
_IMAGES = ("docker-registry", "nginx", "busybox-static")
BOOKWORM = Suite(
    "bookworm",
    (*[name for name in _EVERY if name != "python2.7"], "python3", "apparmor"),
    (("engine", ("docker.io",)), ("hub", ("dnsmasq-base",)), ("images", _IMAGES)),
)

_SCRIPTS = Path("/usr/share/debootstrap/scripts")
_STAGES = ("Retrieving", "Extracting", "Unpacking", "Configuring")
_SAY_EVERY = 100

_NEEDLESS = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/lib/apt/lists", "var/cache/apt")


def make_root(suite: Suite, mirror: str, where: Path, say: Say) -> None:
    """Fills WHERE with SUITE's root, from the archive that an earlier time left,
    or from the MIRROR."""
    kept = cache() / f"root-{suite.name}-{digest(repr(suite), mirror)}.tar"
    where.mkdir(parents=True)
    if kept.exists():
        run(["tar", "-C", str(where), "-xf", str(kept)])
        return
    packages, arguments = ",".join(suite.packages), (suite.name, str(where), mirror, *_script(suite.name))
    say(f"installing a Debian {suite.name} root from {mirror} (about a minute)")
    watch(
        ["debootstrap", "--variant=minbase", f"--include={packages}", *arguments],
        _Stages(suite.name, say).take,
        env={"DEBIAN_FRONTEND": "noninteractive"},
    )
    say(f"fetching packages that lie beside the {suite.name} root")
    for name, wanted in suite.beside:
        _download(where, f"/opt/debs/{name}", wanted)
    for path in _NEEDLESS:
        shutil.rmtree(where / path, ignore_errors=True)
        (where / path).mkdir(parents=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    for stale in kept.parent.glob(f"root-{suite.name}-*.tar"):
        stale.unlink()
    partial = kept.with_suffix(".partial")
    run(["tar", "-C", str(where), "-cf", str(partial), "."])
    partial.rename(kept)


def _script(suite: str) -> list[str]:
    """debootstrap of an older Debian lacks the script of a newer release; sid's makes that too."""
    return [] if (_SCRIPTS / suite).exists() else [str(_SCRIPTS / "sid")]


class _Stages:
    """Makes a few lines of progress out of debootstrap's many: one for each of its stages, and one
    now and then."""

    def __init__(self, suite: str, say: Say) -> None:
        self.suite, self.say = suite, say
        self.counts: dict[str, int] = {}

    def take(self, line: str) -> None:
        """One line of debootstrap's."""
        words = line.split()
        if len(words) < 3 or words[0] != "I:" or words[1] not in _STAGES:
            return
        count = self.counts[words[1]] = self.counts.get(words[1], 0) + 1
        if count % _SAY_EVERY == 1:
            self.say(f"{self.suite}: {words[1].lower()} packages" + (f" ({count} done)" if count > 1 else ""))


def _download(root: Path, directory: str, packages: Sequence[str]) -> None:
    """Puts PACKAGES, and what they need and ROOT does not have, into its DIRECTORY."""
    (root / directory.lstrip("/") / "partial").mkdir(parents=True)
    run(
        [
            *["chroot", str(root), "apt-get", "-q", "-y", "--download-only", "--no-install-recommends"],
            *[f"-oDir::Cache::archives={directory}", "-oAPT::Sandbox::User=root", "install", *packages],
        ]
    )
    shutil.rmtree(root / directory.lstrip("/") / "partial")
    (root / directory.lstrip("/") / "lock").unlink(missing_ok=True)


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A directory for building, gone afterwards and emptied before, should an earlier build have
    been killed."""
    where = cache() / "build" / name
    shutil.rmtree(where, ignore_errors=True)
    where.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield where
    finally:
        shutil.rmtree(where, ignore_errors=True)


def unpack_debs(debs: Path, into: Path) -> None:
    """The files of all packages in the directory DEBS, without installing them."""
    into.mkdir(parents=True, exist_ok=True)
    for deb in sorted(debs.glob("*.deb")):
        run(["dpkg-deb", "-x", str(deb), str(into)])


def install_debs(root: Path, directory: str) -> None:
    """Installs all packages in ROOT's DIRECTORY into ROOT, without starting any service of theirs
    on this machine."""
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    debs = sorted(f"{directory}/{deb.name}" for deb in (root / directory.lstrip("/")).glob("*.deb"))
    run(["chroot", str(root), "dpkg", "-i", *debs], env={"DEBIAN_FRONTEND": "noninteractive"})
    policy.unlink()
