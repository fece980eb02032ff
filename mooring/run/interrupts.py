"""Ctrl-C while a run goes on: counted, never an exception at an unlucky moment, until
the operator insists."""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The first asks for a clean end, the second not to wait for it; the third breaks off whatever still
# holds us.
LAST_STRAW = 3


class Interrupts:
    """Counts the signals that ask for the end while it is entered, and calls `wake`, at the first
    `answer` before it.

    Both are called in a signal's handler, so they must be reentrant. After such an end the terminal
    is as it was before, although a thread may still ask for a passphrase there.
    """

    def __init__(self, wake: Callable[[], None], answer: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self._answer = answer
        self._wake = wake
        self._before: dict[signal.Signals, Any] = {}
        self._terminal: list[Any] | None = None

    def __enter__(self) -> Interrupts:
        self._terminal = read_terminal()
        if threading.current_thread() is threading.main_thread():
            # A signal that is ignored (nohup's SIGHUP) stays so.
            wanted = [signum for signum in SIGNALS if signal.getsignal(signum) is not signal.SIG_IGN]
            self._before = {signum: signal.signal(signum, self._count) for signum in wanted}
        return self

    def __exit__(self, *_: object) -> None:
        for signum, before in self._before.items():
            signal.signal(signum, before)
        if self.count and self._terminal is not None:
            restore_terminal(self._terminal)

    def wait_for(self, threads: Sequence[threading.Thread], seconds: float) -> None:
        """Wait for their ends; after a Ctrl-C so many seconds at most, and no longer than
        until the next one."""
        before, deadline = self.count, time.monotonic() + seconds
        for thread in threads:
            while thread.is_alive() and not (before and time.monotonic() > deadline):
                if self.count > before:
                    return
                thread.join(0.05)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count >= LAST_STRAW:
            raise KeyboardInterrupt
        if self.count == 1:
            self._answer()
        self._wake()


def answer_first(answer: Callable[[], None]) -> None:
    """From now on the first Ctrl-C is answered before the exception that it becomes is
    heard of anywhere."""
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_ours or threading.current_thread() is not threading.main_thread():
        return  # one that is ignored stays so

    def handle(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        answer()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)


def read_terminal() -> list[Any] | None:
    """The settings of the controlling terminal, None where there is none."""
    try:
        return termios.tcgetattr(sys.stdin.fileno())
    except (termios.error, AttributeError, OSError, ValueError):
        return None


def restore_terminal(settings: list[Any]) -> None:
    """Only from the foreground: in the background this would stop us."""
    try:
        if os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp():
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, settings)
    except (termios.error, OSError, ValueError):
        return
