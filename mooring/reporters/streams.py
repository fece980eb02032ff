"""The three streams that a command is given: any of them may be closed, or be full."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}


def open_missing() -> None:
    """Put /dev/null where the caller closed a stream; else the next file or socket would stand in its place."""
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


def copy_errors(log: TextIO) -> None:
    """From now on, what goes to standard error goes to the log as well: warnings, tracebacks, the last word."""
    sys.stderr = _Copied(sys.stderr, log)


def flush() -> None:
    """Write what is kept back; OSError where it cannot be."""
    sys.stdout.flush()


def silence() -> None:
    """Throw away what is said from now on, and what is kept back."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.close(descriptor)
