"""The shapes of what looks tell: what fits, what does not, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import AgentError
from mooring.transport.reply_shapes import TEXT, TEXTS, ListOf, MapOf, OrNull, explain, parse, require

SHAPE = {
    "names": TEXTS,
    "files": MapOf(OrNull(TEXT)),
    "count": int,
    "word": {"a", "b"},
    "pair": OrNull(ListOf(TEXT, 2)),
}
WELL: dict[str, Any] = {"names": ["x"], "files": {"/a": None, "/b": "x"}, "count": 1, "word": "a", "more": [1]}


def test_what_fits_has_no_problem() -> None:
    assert explain(WELL, SHAPE, "reply") == ""
    assert explain({**WELL, "pair": ["a", "b"]}, SHAPE, "reply") == ""
    assert explain([1], (TEXT, list), "x") == ""


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"names": "x"}, '"names" that is a string'),
        ({"names": [1]}, '"names" that is a number'),
        ({"files": []}, '"files" that is a list'),
        ({"files": {"/a": {}}}, '"files" that is a mapping'),
        ({"count": True}, '"count" that is a boolean'),
        ({"count": None}, 'no "count"'),
        ({"word": "c"}, "\"word\" that is none of ['a', 'b']"),
        ({"word": []}, "\"word\" that is none of ['a', 'b']"),
        ({"pair": ["a"]}, '"pair" with 1 values in place of 2'),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], problem: str) -> None:
    assert explain({**WELL, **changes}, SHAPE, "reply") == problem


def test_a_senseless_look_is_the_hosts_failure() -> None:
    with pytest.raises(AgentError, match=r'makes no sense \(docker_settled: no "is_open"\)'):
        require("docker_settled", {"changed": False, "failed": False})
    require("docker_settled", {"changed": False, "failed": True, "msg": "gone"})
    require("ping", {"changed": False, "failed": False})


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[1]", '{"names": 1}'])
def test_what_a_program_prints_is_checked_too(text: str) -> None:
    with pytest.raises(ValueError, match="`x info` printed"):
        parse(text, {"names": TEXTS}, "`x info`")
    assert parse('{"names": []}', {"names": TEXTS}, "`x info`") == {"names": []}
