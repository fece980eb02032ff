"""Hosts wait for those that are behind them, and for nobody else."""

from __future__ import annotations

import threading

from mooring.run.barrier import Barrier


def test_nobody_waits_for_a_host_that_is_level_or_further_on() -> None:
    barrier = Barrier(["a", "b"])
    barrier.arrive("a", (1, 2))
    barrier.arrive("b", (1, 2, 0, 1))
    assert barrier.has_passed("b", "a")
    assert not barrier.has_passed("a", "b")


def test_a_host_waits_until_the_other_has_come_or_left() -> None:
    for release in (lambda barrier: barrier.arrive("b", (2,)), lambda barrier: barrier.leave("b")):
        barrier = Barrier(["a", "b"])
        barrier.arrive("a", (2,))
        met = threading.Event()
        thread = threading.Thread(target=lambda: (barrier.wait("a", "b"), met.set()))  # noqa: B023
        thread.start()
        assert not met.is_set()
        release(barrier)
        thread.join(10)
        assert met.is_set()
