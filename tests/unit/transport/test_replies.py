"""What a host may say in a reply: known kinds, nothing that steers, no depth."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.agent.modules import uri
from mooring.transport.replies import CONTROL_ONLY, KINDS, MAX_DEPTH, TEXT_LISTS, check

# What uri sets itself, whatever headers there are.
SET_BY_URI = {"changed", "cookies", "elapsed"}

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda child: st.lists(child, max_size=3) | st.dictionaries(st.text(max_size=5), child, max_size=3),
    max_leaves=8,
)


def nest(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


def test_an_honest_reply_stays_as_it_is() -> None:
    reply = {"changed": True, "rc": 0, "stdout": "x", "stat": {"exists": True}, "own": [1, None], "mode": None}
    assert check(reply) == reply


@pytest.mark.parametrize("name", [*sorted(CONTROL_ONLY), "_effect", "_shown", "_ansible_no_log"])
def test_what_only_the_control_side_says_is_dropped_and_told(name: str) -> None:
    checked = check({"changed": False, name: {"x": 1}, "warnings": ["own"]})
    assert name not in checked
    assert checked["warnings"][0] == "own"
    assert name in checked["warnings"][1]


def test_no_header_can_take_the_place_of_what_has_a_kind() -> None:
    """A server names its headers as it likes; the module `uri` makes keys of them, and their values
    are strings."""
    typed = {
        name for name, kind in KINDS.items() if kind is not str and str not in (kind if isinstance(kind, tuple) else ())
    }
    assert typed | {*TEXT_LISTS, "diff"} <= {*uri.TYPED, *SET_BY_URI}
    assert check({**dict.fromkeys(set(KINDS) - typed, "x"), "changed": False, "failed": False})


def test_many_dropped_names_make_a_short_warning() -> None:
    warning = check({f"_{number}{'x' * 500}": 1 for number in range(1000)})["warnings"][0]
    assert len(warning) < 400
    assert "and 995 more" in warning


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (None, "not a mapping but null"),
        ([1], "not a mapping but a list"),
        ({"changed": "yes"}, '"changed" that is a string'),
        ({"changed": None}, '"changed" that is null'),
        ({"failed": 1}, '"failed" that is a number'),
        ({"msg": ["x"]}, '"msg" that is a list'),
        ({"rc": "0"}, '"rc" that is a string'),
        ({"stdout": {}}, '"stdout" that is a mapping'),
        ({"stdout_lines": "x"}, "not a list of strings"),
        ({"warnings": [1]}, "not a list of strings"),
        ({"results": [{"_shown": 1}]}, "not a list of strings"),
        ({"ansible_facts": []}, '"ansible_facts" that is a list'),
        ({"diff": [1]}, '"diff"'),
        ({"diff": "x"}, '"diff"'),
        ({"diff": [{"before": 1}]}, '"diff"'),
        ({"exception": {}}, '"exception"'),
        ({"a": nest(MAX_DEPTH)}, "levels deep"),
    ],
)
def test_a_malformed_reply_is_told_as_one(reply: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check(reply)


def test_a_single_difference_stands_for_a_list_of_one() -> None:
    assert check({"diff": {"before": None, "after": "x"}})["diff"] == [{"before": "", "after": "x"}]


@given(st.dictionaries(st.sampled_from([*KINDS, *CONTROL_ONLY, "_x", "own", "diff", "warnings"]), JSON_VALUES))
def test_any_reply_is_checked_or_refused(reply: dict[str, Any]) -> None:
    try:
        checked = check(reply)
    except ValueError:
        return
    assert not checked.keys() & CONTROL_ONLY
    assert not any(name.startswith("_") for name in checked)
    assert all(isinstance(warning, str) for warning in checked.get("warnings") or ())
