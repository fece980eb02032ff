"""The images of the opt-in hosts: engines of other kinds and ages, each from the Debian release
that has it.

They share everything with the small fleet but their roots: one root for each release, configured
once for each engine.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import apt, configure_root, roots
from lab.commands import Say, run
from lab.places import HERE, copy_files

_EVERY = tuple(name for name in roots.BOOKWORM.packages if name not in ("libdevmapper1.02.1", "libltdl7"))

TRIXIE = roots.Suite(
    "trixie",
    _EVERY,
    (("docker", ("docker.io", "docker-cli")), ("podman", ("podman", "nftables")), ("containerd", ("containerd",))),
)
FORKY = roots.Suite("forky", _EVERY, (("docker", ("docker.io", "docker-cli")),))


@dataclass(frozen=True)
class EngineImage:
    """One image: the release that it is made of and the set of packages there that is its engine.

    Docker is offered by the host's apt, as on `client-debian`, since provisioning installs it. The
    other engines are there already: Mooring brings no podman and no containerd to a host, it sets
    up those that it finds.
    """

    suite: roots.Suite
    engine: str
    is_installed: bool = False


IMAGES = {
    "podman": EngineImage(TRIXIE, "podman", is_installed=True),
    "containerd": EngineImage(TRIXIE, "containerd", is_installed=True),
    "docker26": EngineImage(TRIXIE, "docker"),
    "docker28": EngineImage(FORKY, "docker"),
}

Import = Callable[[Path, str], None]
"""Hands a finished root to the engine, as the image of that name."""


def recipe_of(image: str) -> tuple[str, ...]:
    """What the image called IMAGE is made by, below lab/."""
    own = f"engines/{image}"
    shared = ("roots.py", "apt.py", "configure_root.py", "suites.py", "overlay/every", "overlay/debian")
    return (*shared, own) if (HERE / own).is_dir() else shared


def build(images: Sequence[str], mirror: str, hand_over: Import, say: Say) -> None:
    """Builds those IMAGES; one root serves all that are of the same release."""
    for suite in dict.fromkeys(IMAGES[image].suite for image in images):
        with roots.scratch(suite.name) as work:
            base = work / "base"
            roots.make_root(suite, mirror, base, say)
            for image in images:
                if IMAGES[image].suite == suite:
                    say(f"turning a {suite.name} root into the image {image}")
                    root = work / image
                    run(["cp", "-a", str(base), str(root)])
                    _make_hosts_root(root, image, work / f"{image}-apt")
                    hand_over(root, image)
                    shutil.rmtree(root)


def _make_hosts_root(root: Path, image: str, work: Path) -> None:
    made, offered = IMAGES[image], root / "opt/mooring-lab/apt"
    engine = root / "opt/debs" / made.engine
    if made.is_installed:
        roots.install_debs(root, f"/opt/debs/{made.engine}")
        offered.mkdir(parents=True)
    else:
        shutil.move(engine, offered)
    shutil.rmtree(root / "opt/debs")
    apt.build_repository(offered, work)
    configure_root.configure_debian(root)
    own = HERE / "engines" / image
    if own.is_dir():
        copy_files(own, root)
