"""The images of the lab's hosts, built once and kept until their recipe changes."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab import apt, bundles, configure_root, hub_root, mirror, programs, roots, rpm, suites
from lab.commands import LabError, Say, run
from lab.engine import Engine, install_missing
from lab.places import BUNDLES, HERE, cache, digest
from lab.topology import PREFIX

TOOLS = {
    "debootstrap": "debootstrap",
    "rpmbuild": "rpm",
    "createrepo_c": "createrepo-c",
    "openssl": "openssl",
    "ssh-keygen": "openssh-client",
}
"""Program of this machine: Debian's package that has it."""

BUNDLE_NAMES = ("registry", "nginx", "busybox")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

_OVERLAYS = ("overlay/every", "overlay/debian", "overlay/hub")
_RECIPES = {
    "el7": ("roots.py", "rpm.py", "configure_root.py", "redhat", "overlay/every", "overlay/el7"),
    "debian": ("roots.py", "apt.py", "configure_root.py", "overlay/every", "overlay/debian"),
    "hub": (
        "roots.py",
        "apt.py",
        "archive.py",
        "bundles.py",
        "programs.py",
        "hub_root.py",
        "hub",
        "configure_root.py",
        "images",
        *_OVERLAYS,
    ),
    **{name: suites.recipe_of(name) for name in suites.IMAGES},
}


def tag_of(image: str) -> str:
    """The tag of the host image called IMAGE, as its recipe stands now."""
    return f"{PREFIX}/{image}:{digest(*[HERE / path for path in _RECIPES[image]])}"


def ensure_images(engine: Engine, wanted: Collection[str], say: Say) -> None:
    """Builds what is missing of the WANTED host images and the offline bundles."""
    kept = _kept_bundles()
    missing = [name for name in _RECIPES if name in wanted and not engine.succeeds("image", "inspect", tag_of(name))]
    has_bundles = all((kept / f"{name}.tar").exists() for name in BUNDLE_NAMES)
    if missing or not has_bundles:
        install_missing(TOOLS, "build the lab's images", say)
        # What is written into a root must be readable there for everybody.
        os.umask(0o022)
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(programs.ensure_programs, say)]
            if "el7" in missing:
                jobs.append(pool.submit(_build_el7, engine, say))
            bookworm = [name for name in ("debian", "hub") if name in missing]
            if bookworm or not has_bundles:
                jobs.append(pool.submit(_build_bookworm, engine, bookworm, kept, say))
            if opt_in := [name for name in missing if name in suites.IMAGES]:
                jobs.append(pool.submit(_build_opt_in, engine, opt_in, say))
            for job in jobs:
                job.result()
    for name in BUNDLE_NAMES:
        _place_bundle(kept / f"{name}.tar", BUNDLES / f"{name}.tar")


def remove_stale_images(engine: Engine) -> None:
    """Removes what earlier recipes left; what is in use stays."""
    wanted = {tag_of(name) for name in _RECIPES}
    for tag in engine.run("images", "--format={{.Repository}}:{{.Tag}}", f"{PREFIX}/*").split():
        if tag not in wanted and not tag.endswith(":<none>"):
            engine.run("rmi", tag, may_fail=True)
    for kept in cache().glob("bundles-*"):
        if kept != _kept_bundles():
            shutil.rmtree(kept)


def _kept_bundles() -> Path:
    return cache() / f"bundles-{tag_of('hub').rpartition(':')[2]}"


def _build_el7(engine: Engine, say: Say) -> None:
    with roots.scratch("el7") as work:
        root = work / "root"
        roots.make_root(roots.BULLSEYE, mirror.debian_mirror(mirror.machine_sources()), root, say)
        say("building the RPM repository with Red Hat's docker layout")
        rpm.build_repository(root / "opt/debs/engine", work / "rpm", root / "opt/mooring-lab/rpm")
        shutil.rmtree(root / "opt/debs")
        say("turning the bullseye root into an EL7-like host")
        configure_root.configure_el7(root)
        _import(engine, root, "el7", say)


def _build_bookworm(engine: Engine, wanted: Collection[str], kept: Path, say: Say) -> None:
    """The bundles, and of "debian" and "hub" those that are WANTED."""
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    with roots.scratch("debian") as work:
        root, hub = work / "root", work / "hub"
        roots.make_root(roots.BOOKWORM, mirror.debian_mirror(mirror.machine_sources()), root, say)
        say("making the offline bundles: registry, nginx, busybox")
        images = bundles.make_images(root, work / "bundles", architecture)
        bundles.write_bundles(images, kept)
        run(["cp", "-a", str(root), str(hub)])
        if "debian" in wanted:
            shutil.move(root / "opt/debs/engine", root / "opt/mooring-lab/apt")
            shutil.rmtree(root / "opt/debs")
            apt.build_repository(root / "opt/mooring-lab/apt", work / "apt")
            configure_root.configure_debian(root)
            _import(engine, root, "debian", say)
        if "hub" in wanted:
            say("turning a bookworm root into the hub")
            roots.install_debs(hub, "/opt/debs/engine")
            roots.install_debs(hub, "/opt/debs/hub")
            hub_root.fill_hub(hub, images, work / "hub-images", architecture)
            hub_root.add_crane(hub, say)
            shutil.rmtree(hub / "opt/debs")
            configure_root.configure_hub(hub)
            _import(engine, hub, "hub", say)


def _build_opt_in(engine: Engine, images: list[str], say: Say) -> None:
    source = mirror.debian_mirror(mirror.machine_sources())
    suites.build(images, source, lambda root, image: _import(engine, root, image, say), say)


def _import(engine: Engine, root: Path, image: str, say: Say) -> None:
    """ROOT as the host image called IMAGE; tar and engine work at the same time."""
    say(f"handing the image {tag_of(image)} to the engine")
    tar = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
    engine.run(
        "import",
        "--change=ENV container=docker",
        '--change=CMD ["/lib/systemd/systemd"]',
        "-",
        tag_of(image),
        stdin=tar.stdout,
    )
    if tar.wait():
        raise LabError(f"cannot pack {root} (status {tar.returncode}); is the disk full?")


def _place_bundle(kept: Path, wanted: Path) -> None:
    """The bundle in the checkout: the same file again where the disk allows it, else a copy."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if wanted.exists() and wanted.stat().st_mtime == kept.stat().st_mtime:
        return
    wanted.unlink(missing_ok=True)
    shutil.copy2(kept, wanted)
