"""What makes a root Docker Hub's stand-in: the registry's program, a few small real images, the
program before it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from lab.archive import Image, make_image, write_storage
from lab.commands import LabError, Say
from lab.places import HERE, copy_files
from lab.programs import ensure_program
from lab.roots import unpack_debs

STORAGE = "var/lib/docker-hub/docker/registry/v2"
PROGRAM = "opt/mooring-lab/hub/lab"
"""lab/hub by the same name as here, so that `python3 -m lab.hub.gateway` is the same program."""


def fill_hub(root: Path, images: dict[str, Image], work: Path, architecture: str) -> None:
    """Gives the hub's ROOT its programs and images; Docker Hub calls its own images
    library/NAME."""
    program = work / "registry-package"
    unpack_debs(root / "opt/debs/images", program)
    shutil.copy(program / "usr/bin/docker-registry", root / "usr/bin/docker-registry")
    held = [
        dataclasses.replace(image, names=tuple(f"library/{name}" for name in image.names)) for image in images.values()
    ]
    greeting = work / "hello"
    (greeting / "bin").mkdir(parents=True)
    shutil.copy(program / "bin/busybox", greeting / "bin/busybox")
    settings = {"Cmd": ["/bin/busybox", "echo", "Hello from the lab's hub!"]}
    names = ("library/hello:latest", "library/hello-world:latest", "mooring/hub-only:1")
    held.append(make_image(greeting, settings, names, architecture))
    write_storage(held, root / STORAGE)
    add_program(root)


def add_crane(root: Path, say: Say) -> None:
    """The tool by which drills fill and judge registries; the hub does without it
    where it cannot be had."""
    try:
        shutil.copy(ensure_program("crane"), root / "usr/local/bin/crane")
    except LabError as error:
        say(f"the hub is without crane: {error}")


def add_program(root: Path) -> None:
    """The package lab.hub, alone, into ROOT."""
    copy_files(HERE / "hub", root / PROGRAM / "hub")
    shutil.copyfile(HERE / "__init__.py", root / PROGRAM / "__init__.py")
