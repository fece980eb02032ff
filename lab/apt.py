"""The apt repository of the Debian hosts: a directory with packages, and the index
that makes it one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lab.commands import run

SAMPLE = "mooring-lab-sample"

_CONTROL = """Package: {name}
Version: {version}
Architecture: all
Maintainer: Mooring's lab <root@localhost>
Description: a package to try package management with
 Holds one file that says its version.
"""


def build_repository(repository: Path, work: Path) -> None:
    """Adds two versions of a sample package to the packages in REPOSITORY, and writes the index
    over them all."""
    for version in ("1.0", "1.1"):
        _build_sample(work / version, version, repository)
    stanzas = []
    for deb in sorted(repository.glob("*.deb")):
        control = run(["dpkg-deb", "--field", str(deb)]).rstrip("\n")
        checksum = hashlib.sha256(deb.read_bytes()).hexdigest()
        stanzas.append(f"{control}\nFilename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {checksum}\n")
    (repository / "Packages").write_text("\n".join(stanzas))


def _build_sample(tree: Path, version: str, repository: Path) -> None:
    share = tree / "usr/share" / SAMPLE
    share.mkdir(parents=True)
    (share / "version").write_text(f"{version}\n")
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(_CONTROL.format(name=SAMPLE, version=version))
    target = repository / f"{SAMPLE}_{version}_all.deb"
    run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(target)])
