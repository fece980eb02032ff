"""The one way in which the control machine reads a file of the operator's.

A directory, a device or a file without end is refused at once; nothing that is
opened here can block.
"""

from __future__ import annotations

import gc
import os
import select
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mooring.errors import SourceError, Where

# A fleet of 20,000 hosts with ten variables each takes about 6 MB.
LARGEST = 32 * 1024 * 1024
# Keys, known_hosts, ssh_config.
LARGEST_SETTING = 1024 * 1024
# How long a pipe waits for somebody to write to it, and then for the writer to come to its end, in
# seconds.
PIPE_PATIENCE = 1.0
PIPE_DEADLINE = 60.0
CHUNK = 1024 * 1024

_KINDS = (
    (stat.S_ISDIR, "is a directory, not a file"),
    (stat.S_ISFIFO, "is a pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)


def read_text(path: str | Path, largest: int = LARGEST, *, takes_pipe: bool = False) -> str:
    """The text of a UTF-8 file; SourceError with the place where it is not UTF-8."""
    data = read_bytes(path, largest, takes_pipe=takes_pipe)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        begin = before.rfind(b"\n") + 1
        line = data[begin:].partition(b"\n")[0].decode("utf-8", "replace")
        where = Where(str(path), before.count(b"\n") + 1, len(before[begin:].decode("utf-8")) + 1, line)
        raise SourceError(f"not UTF-8 text: {error.reason}", where, "save it as UTF-8") from None


def read_bytes(path: str | Path, largest: int = LARGEST, *, takes_pipe: bool = False) -> bytes:
    """The bytes of a regular file of at most `largest` bytes; SourceError names what is in the way.

    With `takes_pipe` it may be a pipe as well, such as the shell's `<(command)`.
    """
    descriptor = open_file(path, takes_pipe=takes_pipe)
    try:
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        return _drain(descriptor, largest) if is_pipe else _read(descriptor, largest)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", Where(str(path))) from None
    except _Endless as error:
        raise SourceError(str(error), Where(str(path))) from None
    finally:
        os.close(descriptor)


def open_file(path: str | Path, *, takes_pipe: bool = False) -> int:
    """A descriptor of a regular file; SourceError for anything else, which is not opened."""
    where = Where(str(path))
    try:
        _check_kind(os.stat(path).st_mode, where, takes_pipe)
        # Somebody may have put another kind in its place meanwhile: it must not block, and is
        # looked at again.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise SourceError("no such file", where) from None
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where) from None
    except ValueError:
        raise SourceError("no file can have this name", where) from None
    try:
        _check_kind(os.fstat(descriptor).st_mode, where, takes_pipe)
    except SourceError:
        os.close(descriptor)
        raise
    return descriptor


def check_file(path: str | Path) -> os.stat_result:
    """What is known of a regular file that can be opened; SourceError for anything else."""
    descriptor = open_file(path)
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def expand(name: str | Path) -> Path:
    """The path with `~` replaced; unchanged where nobody has such a home."""
    return Path(os.path.expanduser(name))


@contextmanager
def many_objects() -> Iterator[None]:
    """While a fleet's files are read Python does not look for cycles: it would find none, at four
    times the cost."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _check_kind(mode: int, where: Where, takes_pipe: bool) -> None:
    for is_kind, problem in _KINDS:
        if is_kind(mode) and not (takes_pipe and is_kind is stat.S_ISFIFO):
            hint = "write what comes out of it to a file" if is_kind is stat.S_ISFIFO else ""
            raise SourceError(problem, where, hint)


class _Endless(Exception):
    """A file is too large, or nobody writes to a pipe, or not to its end."""


def _read(descriptor: int, largest: int) -> bytes:
    """All bytes of a regular file."""
    size = os.fstat(descriptor).st_size
    parts: list[bytes] = []
    while size <= largest and (part := os.read(descriptor, CHUNK)):
        parts.append(part)
        size = max(size, sum(map(len, parts)))
    if size > largest:
        raise _Endless(f"is larger than {largest // (1024 * 1024)} MB")
    return b"".join(parts)


def _drain(descriptor: int, largest: int) -> bytes:
    """What is written to a pipe until its writer closes it."""
    parts: list[bytes] = []
    began, has_writer = time.monotonic(), False
    while True:
        waited = time.monotonic() - began
        if waited > (PIPE_DEADLINE if has_writer else PIPE_PATIENCE):
            raise _Endless(
                "is a pipe that does not come to an end" if has_writer else "is a pipe that nobody writes to"
            )
        try:
            part = os.read(descriptor, CHUNK)
        except BlockingIOError:
            has_writer = True
            select.select([descriptor], [], [], 0.1)
            continue
        if not part and has_writer:
            return b"".join(parts)
        if not part:
            # Nobody has opened the other end yet, or has closed it without a word.
            select.select([], [], [], 0.02)
            continue
        has_writer = True
        parts.append(part)
        if sum(map(len, parts)) > largest:
            raise _Endless(f"is larger than {largest // (1024 * 1024)} MB")
