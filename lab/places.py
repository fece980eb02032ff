"""Where the lab keeps its things on this machine, and the digest that tells whether they
are still up to date."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
HERE = CHECKOUT / "lab"
STATE = CHECKOUT / ".lab"
"""This checkout's own: keys, certificates, the operator's password."""
BUNDLES = CHECKOUT / "files" / "images"


def cache() -> Path:
    """Outside the checkout, so that the next clone on this machine finds what this one made."""
    base = Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"
    return base / "mooring-lab"


def copy_files(source: Path, into: Path) -> None:
    """All files under SOURCE into the tree INTO, with the modes that they have for git, whatever
    the umask was."""
    for file in _files(source):
        target = into / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copyfile(file, target)
        target.chmod(0o755 if os.access(file, os.X_OK) else 0o644)


def digest(*parts: Path | str) -> str:
    """Twelve hex digits of all PARTS: of texts, and of files and whole directories with
    their names and modes."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            total.update(part.encode() + b"\0")
            continue
        for file in [part] if part.is_file() else _files(part):
            executable = os.access(file, os.X_OK)
            total.update(f"{file.relative_to(part.parent)}:{executable}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:12]


def _files(tree: Path) -> list[Path]:
    """All files below TREE but what Python leaves there."""
    return sorted(file for file in tree.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
