"""The three streams that a command is given, any of which may be closed or full, and
the log beside them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}
# The log file of this command, as the other streams are: one for the whole process.
_logs: list[TextIO] = []


def open_missing() -> None:
    """Put /dev/null where the caller closed a stream; else the next file or socket would
    stand in its place."""
    for number, (name, mode) in enumerate(_MODES.items()):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
        setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - it stays open to the end


class _Copied:
    """A stream whose text a second one gets too."""

    def __init__(self, stream: TextIO, copy: TextIO) -> None:
        self._stream, self._copy = stream, copy

    def write(self, text: str) -> int:
        self._copy.write(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def add_log(stream: TextIO) -> None:
    """From now on there is a log: what goes to standard error goes there too, down to tracebacks
    and the last word."""
    _logs.append(stream)
    sys.stderr = _Copied(sys.stderr, stream)


def find_log() -> TextIO | None:
    """The log, where there is one."""
    return _logs[-1] if _logs else None


def list_text_streams(is_json: bool) -> Iterator[TextIO | None]:
    """Where text goes: the screen (None), unless it gets JSON, and the log."""
    if not is_json:
        yield None
    yield from _logs


def flush() -> None:
    """Write what is kept back; OSError where it cannot be."""
    sys.stdout.flush()


def silence() -> None:
    """Throw away what is said from now on, and what is kept back."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.close(descriptor)
