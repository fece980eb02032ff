"""The batches of `serial`."""

from __future__ import annotations

import pytest

from mooring.errors import PlaybookError, Where
from mooring.playbook.serial import batches

HOSTS = tuple("abcdefghij")


PLACE = Where("p.yml", 2, 3)


@pytest.mark.parametrize(
    ("serial", "sizes"),
    [
        ((), [10]),
        ((1,), [1] * 10),
        ((4,), [4, 4, 2]),
        (("30%",), [3, 3, 3, 1]),
        ((1, "25%", "100%"), [1, 2, 7]),
        (("1%",), [1] * 10),
        ((0,), [10]),
        (("2", 5), [2, 5, 3]),
    ],
)
def test_sizes(serial: tuple, sizes: list[int]) -> None:
    groups = batches(HOSTS, serial, PLACE)
    assert [len(batch) for batch in groups] == sizes
    assert tuple(name for batch in groups for name in batch) == HOSTS


def test_nonsense_is_refused_with_its_place() -> None:
    with pytest.raises(PlaybookError, match=r'p.yml:2:3: serial must be a number or a percentage, not "some"'):
        batches(HOSTS, ("some",), PLACE)
