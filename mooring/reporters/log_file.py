"""--log-file: a file that takes what is shown as text, for good.

It is a stream like the screen's, and no terminal: every line goes through the same way, and is made
visible here once more, so that nothing in it commands the terminal of who reads it. A disk that is
full costs the log and not the run.
"""

from __future__ import annotations

import io
import os
import stat
from datetime import datetime
from typing import TextIO, cast

from mooring.errors import UsageError, on_one_line
from mooring.reporters import visible
from mooring.reporters.last_words import write_beside


class LogFile(io.TextIOBase):
    """Appends to a file that only its owner reads where it is made here."""

    encoding = "utf-8"

    def __init__(self, path: str) -> None:
        """UsageError where the path cannot be appended to."""
        self._path = path
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        try:
            self._descriptor = os.open(path, flags, 0o600)
        except (OSError, ValueError) as error:
            raise self._refusal(getattr(error, "strerror", None) or str(error)) from None
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.close(self._descriptor)
            raise self._refusal("not a file that can be appended to")
        self._is_full = False

    @property
    def stream(self) -> TextIO:
        """Itself, as reporters take it."""
        return cast(TextIO, self)

    def begin(self, title: str, now: datetime) -> None:
        """A line between what an earlier command said and this one."""
        self.write(f"--- {now.isoformat(timespec='seconds')} {title}\n")

    def write(self, text: str) -> int:
        """Append the text; its lines end in line feeds alone."""
        if self._is_full:
            return len(text)
        data = "\n".join(map(visible.clean, text.split("\n"))).encode(self.encoding, "backslashreplace")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            self._is_full = True
            write_beside(f"WARNING: --log-file {self._path}: {error.strerror}; nothing more is written to it")
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def isatty(self) -> bool:
        """No terminal."""
        return False

    def _refusal(self, problem: str) -> UsageError:
        return UsageError(f"--log-file {on_one_line(self._path)}: {problem}")
