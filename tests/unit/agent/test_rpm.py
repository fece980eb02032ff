"""The order of RPM versions, with rpm's own test cases in mind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.agent import versions

WORDS = st.text(alphabet="0123456789ab.~^", max_size=8)


@pytest.mark.parametrize(
    ("left", "right", "sign"),
    [
        ("1.0", "1.0", 0),
        ("1.0", "1.0.1", -1),
        ("1.13.1", "1.9.1", 1),
        ("1.13.1-209.el7", "1.13.1-98.el7", 1),
        ("1.13.1", "1.13.1-209.el7", 0),
        ("2:1.0-1", "1:9.0-1", 1),
        ("2:1.0-1", "9.0-1", -1),
        ("1.05", "1.5", 0),
        ("1.0a", "1.0", 1),
        ("1.0a", "1.0.1", -1),
        ("1.0~rc1", "1.0", -1),
        ("1.0^git1", "1.0", 1),
        ("1.0^git1", "1.0.1", -1),
        ("fc4", "fc.4", 0),
        ("xyz10", "xyz10.1", -1),
    ],
)
def test_compare(left: str, right: str, sign: int) -> None:
    order = versions.compare(left, right)
    assert (order > 0) - (order < 0) == sign
    back = versions.compare(right, left)
    assert (back > 0) - (back < 0) == -sign


@given(WORDS, WORDS, WORDS)
def test_the_order_is_one(lower: str, two: str, three: str) -> None:
    if versions.compare(lower, two) <= 0 and versions.compare(two, three) <= 0:
        assert versions.compare(lower, three) <= 0


def test_holds() -> None:
    assert versions.holds("2:1.13.1-209", ">=", "1.13")
    assert not versions.holds("1.13.1", "<", "1.13")
    assert versions.holds("1.13.1-209", "=", "1.13.1")
