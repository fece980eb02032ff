"""Work on many hosts at once, in threads that hold nobody up: not the operator's Ctrl-C, and not
the process's end.

The executors of concurrent.futures wait for all their threads, also for one that looks up a name or
waits for a silent host, which nothing can interrupt.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

LOOK_SECONDS = 0.2
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Workers:
    """So many threads at a time; `is_stopped` tells long work that it is not wanted any more."""

    def __init__(self, forks: int) -> None:
        self._forks = forks
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def do(self, work: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """What `work` makes of each item, in the items' order; its first exception,
        when all are done.

        Ctrl-C leaves at once, and what is under way to itself: abort that, and
        perhaps `wait` for it.
        """
        self._stopped.clear()
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[int, Any, BaseException | None]] = queue.SimpleQueue()
        for number in range(len(items)):
            waiting.put(number)
        begin = min(self._forks, len(items))
        arguments = (work, items, waiting, done)
        self._threads = [threading.Thread(target=self._run, args=arguments, daemon=True) for _ in range(begin)]
        try:
            for thread in self._threads:
                thread.start()
            return _collect(done, len(items))
        except KeyboardInterrupt:
            self._stopped.set()
            raise

    def wait(self, seconds: float) -> None:
        """Wait for what Ctrl-C has left under way, but not longer."""
        _join(self._threads, seconds)

    def _run(self, work: Any, items: Sequence[Any], waiting: Any, done: Any) -> None:
        while not self.is_stopped:
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((number, work(items[number]), None))
            except BaseException as error:  # noqa: BLE001 - it is raised again where the answers are collected
                done.put((number, None, error))


def _collect(done: queue.SimpleQueue[tuple[int, Any, BaseException | None]], count: int) -> list[Any]:
    answers: dict[int, Any] = {}
    errors: dict[int, BaseException] = {}
    while len(answers) < count:
        try:
            # A signal that comes just before this waits is seen only when it is over.
            number, answers[number], error = done.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue
        if isinstance(error, KeyboardInterrupt):
            raise error
        if error is not None:
            errors[number] = error
    if errors:
        raise errors[min(errors)]
    return [answers[number] for number in range(count)]


def let_all(acts: Iterable[Callable[[], object]], seconds: float) -> None:
    """Do all of this at once, and wait for it, but not longer; for ends that may hang, such as a
    connection's."""
    threads = [threading.Thread(target=act, daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    _join(threads, seconds)


def _join(threads: Sequence[threading.Thread], seconds: float) -> None:
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
