"""`invoke init`: a directory of the operator's own, with its inventory, for a Mooring
that stands elsewhere."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from mooring.cli.starter import STARTER
from mooring.errors import UsageError, on_one_line
from mooring.files.reading import read_bytes
from mooring.invocation import command
from mooring.project import SHIPPED
from mooring.reporters import listing

# What the tasks.py of a directory made by init says.
MARK = "mooring.cli.tasks"
# Of what stands in the way.
NAMED = 3


def init(name: str) -> int:
    """Make the files that are not there. UsageError where the directory holds anything else;
    nothing is overwritten."""
    root = Path(name)
    try:
        _check(root)
        made = [path for path, text in STARTER.items() if _make(root / path, text)]
    except (OSError, ValueError) as error:
        path = getattr(error, "filename", None) or name
        raise UsageError(f"{on_one_line(str(path))}: {getattr(error, 'strerror', None) or error}") from None
    listing.write_lines(_report(name, made))
    return 0


def _check(root: Path) -> None:
    """Refuse a directory that is used for something else, before anything is written."""
    if root.exists() and not root.is_dir():
        raise UsageError(f"{on_one_line(str(root))} is not a directory")
    own = {path.partition("/")[0] for path in STARTER}
    there = sorted(path.name for path in root.iterdir()) if root.exists() else []
    others = [name for name in there if name not in own and not name.startswith(".") and name != "__pycache__"]
    if not others and "tasks.py" not in there:
        return
    if not _is_ours(root / "tasks.py"):
        others = others or ["a tasks.py of its own"]
        named = ", ".join(map(on_one_line, others[:NAMED]))
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        raise UsageError(f"{on_one_line(str(root))} holds {named}{more}: name a directory that is new or empty")


def _is_ours(tasks: Path) -> bool:
    """Whether the directory of this tasks.py is one of init's already; in that one more may
    stand."""
    return tasks.is_file() and MARK.encode() in read_bytes(tasks)


def _make(path: Path, text: str) -> bool:
    """Whether the file was made: one that is there, even as a link that leads
    nowhere, stays as it is."""
    if os.path.lexists(path):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return True


def _report(name: str, made: list[str]) -> Iterator[str]:
    """What was made, what was there, and what comes next."""
    kept = [path for path in STARTER if path not in made]
    yield f"{name}: made {', '.join(made)}" if made else f"{name}: everything is there already, nothing was changed"
    if made and kept:
        yield f"left as they are: {', '.join(kept)}"
    if not made:
        return
    yield "Next:"
    if not _is_installed():
        yield f"  pip install {shlex.quote(str(SHIPPED))}     # into the virtual environment of your own invoke"
    yield f"  cd {shlex.quote(name)}     # and write your hosts into inventory.yml and group_vars/all.yml"
    # Not the launcher, also where it made the directory.
    yield f"  {command({})} provision-server --check --diff"


def _is_installed() -> bool:
    """Whether the tasks.py of the new directory finds Mooring; a clone is not installed."""
    try:
        distribution("mooring")
    except PackageNotFoundError:
        return False
    return True
