"""What a registry still allows, and how long is waited."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from mooring.registry.transport import Head
from mooring.service.budget import Budget, OutOfBudget

NOW = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)


def budget(reserve: int = 20) -> Budget:
    return Budget("docker.io", reserve, lambda: 1.0, lambda: NOW)


def head(status: int = 200, **headers: str) -> Head:
    return Head(status, tuple((name.replace("_", "-"), text) for name, text in headers.items()))


def test_what_is_under_way_counts_as_spent() -> None:
    purse = budget()
    purse.observe("HEAD", head(ratelimit_remaining="23;w=21600"))
    for _ in range(3):
        purse.take()
    with pytest.raises(OutOfBudget, match="allows 20 more manifests, and 20 are kept back") as caught:
        purse.take()
    assert caught.value.seconds == 21600


def test_answers_that_come_in_another_order_do_not_raise_the_count() -> None:
    purse = budget()
    purse.observe("HEAD", head(ratelimit_remaining="22;w=21600"))
    purse.take()
    purse.take()
    for pause in ("20", "21"):  # the later one's answer comes first
        purse.observe("GET", head(ratelimit_remaining=pause))
        purse.give_back(True)
    with pytest.raises(OutOfBudget):
        purse.take()
    purse.observe("HEAD", head(ratelimit_remaining="100;w=21600"))  # a new window
    assert purse.remaining == 100


def test_what_was_not_answered_may_have_been_counted() -> None:
    purse = budget()
    purse.observe("HEAD", head(ratelimit_remaining="21"))
    purse.take()
    purse.give_back(False)
    assert purse.remaining == 20


def test_a_registry_that_counts_nothing_is_asked_for_ever() -> None:
    purse = budget()
    purse.observe("GET", head())
    for _ in range(1000):
        purse.take()


@pytest.mark.parametrize("text", ["-1", "many", "1" * 5000, "5;w=x", ""])
def test_a_count_that_is_none_is_not_taken_for_one(text: str) -> None:
    purse = budget()
    purse.observe("HEAD", head(ratelimit_remaining=text))
    assert purse.remaining is None


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("30", 45.0),
        ("", 15.0),
        ("soon", 15.0),
        ("Sat, 28 Nov 2026 12:00:40 GMT", 60.0),
        ("Sat, 28 Nov 2026 11:00:00 GMT", 0.0),
    ],
)
def test_a_pause_is_what_the_registry_says_and_up_to_a_half_more(retry_after: str, seconds: float) -> None:
    purse = budget()
    purse.observe("GET", head(429, retry_after=retry_after))
    assert purse.pause() == seconds


@pytest.mark.parametrize(("retry_after", "seconds"), [("3600", 3600), ("9" * 5000, 999999999)])
def test_a_long_pause_ends_the_run(retry_after: str, seconds: float) -> None:
    purse = budget()
    purse.observe("GET", head(429, retry_after=retry_after))
    with pytest.raises(OutOfBudget) as caught:
        purse.pause()
    assert caught.value.seconds == seconds
