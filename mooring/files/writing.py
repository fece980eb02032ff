"""The one way in which the control machine replaces a file of the operator's: whole, or not at
all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from mooring.errors import SourceError, Where
from mooring.files.reading import read_bytes

NEW_MODE = 0o666  # less the umask


def replace_text(path: str | Path, text: str) -> bool:
    """Make this the file's text in UTF-8; whether it was another one. SourceError where it
    cannot be written.

    A draft beside it takes its place, so that no moment and no full disk leaves half a file. A
    link stays one: the file that it leads to is replaced, and keeps its mode and, where that is
    allowed, its owner.
    """
    place = Path(os.path.realpath(path))
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    data = text.encode("utf-8")
    try:
        before = _stat(place)
        if before is not None:
            _check_kind(before, path)
            if before.st_size == len(data) and read_bytes(place, len(data)) == data:
                return False
        _write(draft, data, before)
        draft.replace(place)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise SourceError(f"cannot be written: {error.strerror}", Where(str(path))) from None
    return True


def _stat(place: Path) -> os.stat_result | None:
    try:
        return place.stat()
    except FileNotFoundError:
        return None


def _check_kind(status: os.stat_result, path: str | Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        problem = "a directory" if stat.S_ISDIR(status.st_mode) else "no regular file"
        raise SourceError(f"cannot be written: it is {problem}", Where(str(path)))


def _write(draft: Path, data: bytes, before: os.stat_result | None) -> None:
    """A new file with the bytes, on the disk when this returns; like the one that it is to
    replace."""
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, NEW_MODE)
    with open(descriptor, "wb") as file:
        if before is not None:
            with suppress(OSError):
                os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
        file.write(data)
        file.flush()
        os.fsync(descriptor)
