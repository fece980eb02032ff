"""Ctrl-C while a run goes on: counted, never an exception at an unlucky moment, until the operator insists."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The first asks for a clean end, the second not to wait for it; the third breaks off whatever still holds us.
LAST_STRAW = 3


class Interrupts:
    """Counts the signals that ask for the end while it is entered, and calls `wake` (which must be reentrant)."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.count = 0
        self._wake = wake
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            # A signal that is ignored (nohup's SIGHUP) stays so.
            wanted = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
            self._before = {one: signal.signal(one, self._count) for one in wanted}
        return self

    def __exit__(self, *_: object) -> None:
        for one, before in self._before.items():
            signal.signal(one, before)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count >= LAST_STRAW:
            raise KeyboardInterrupt
        self._wake()
