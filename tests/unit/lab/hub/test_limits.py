"""Who has how much left: per address and account, in windows."""

from __future__ import annotations

from dataclasses import replace

from lab.hub.knobs import Knobs
from lab.hub.limits import Limits

KNOBS = Knobs(rate_window=60)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_each_source_has_its_own_and_a_new_window_is_whole_again() -> None:
    clock = Clock()
    limits = Limits(clock)
    assert [limits.take("a", 2, True, KNOBS).remaining for _ in range(3)] == [1, 0, 0]
    refused = limits.take("a", 2, True, KNOBS)
    assert not refused.is_granted
    assert limits.take("b", 2, True, KNOBS).is_granted
    assert limits.take("a", 2, False, KNOBS).is_granted
    clock.now += 45
    assert limits.take("a", 2, True, KNOBS).resets_in == 15
    clock.now += 15
    assert limits.take("a", 2, True, KNOBS).remaining == 1


def test_what_the_knobs_leave_holds_from_the_moment_they_are_written() -> None:
    clock = Clock()
    limits, scarce = Limits(clock), replace(KNOBS, remaining=1)
    assert limits.take("a", 5, True, KNOBS, "1").remaining == 4
    assert [limits.take("a", 5, True, scarce, "2").is_granted for _ in range(2)] == [True, False]
    assert limits.take("b", 5, True, scarce, "2").remaining == 0
    assert limits.take("a", 5, True, scarce, "3").is_granted
    clock.now += 60
    assert limits.take("a", 5, True, scarce, "3").remaining == 4
    assert not limits.take("c", 5, True, replace(KNOBS, remaining=0), "4").is_granted
    assert not limits.take("c", 5, True, KNOBS, "5").is_granted


def test_a_limit_that_was_lowered_leaves_nothing_rather_than_less() -> None:
    limits = Limits(Clock())
    for _ in range(3):
        limits.take("a", 5, True, KNOBS)
    assert limits.take("a", 2, False, KNOBS).remaining == 0
