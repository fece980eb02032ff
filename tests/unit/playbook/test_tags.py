"""--tags and --skip-tags; the table is what ansible-playbook does."""

from __future__ import annotations

import pytest

from mooring.playbook.tags import TagChoice


@pytest.mark.parametrize(
    ("only", "skip", "tags", "runs"),
    [
        ("", "", "", True),
        ("", "", "a", True),
        ("", "", "never", False),
        ("a", "", "a b", True),
        ("a", "", "b", False),
        ("a", "", "", False),
        ("a", "", "always", True),
        ("a", "", "never a", True),
        ("never", "", "never", True),
        ("all", "", "never", False),
        ("tagged", "", "", False),
        ("tagged", "", "a", True),
        ("tagged", "", "a never", False),
        ("untagged", "", "", True),
        ("untagged", "", "a", False),
        ("", "a", "a", False),
        ("", "a", "always a", False),
        ("", "always", "always", False),
        ("", "all", "a", False),
        ("", "all", "always", True),
        ("", "tagged", "a", False),
        ("", "untagged", "", False),
        ("a", "b", "a b", False),
    ],
)
def test_choice(only: str, skip: str, tags: str, runs: bool) -> None:
    choice = TagChoice(frozenset(only.split()), frozenset(skip.split()))
    assert choice.selects(tags.split()) is runs
