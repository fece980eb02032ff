"""Host patterns and ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.inventory.patterns import Pattern, PatternError, expand, parse, split, split_port

NAMES = st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("web", ["web"]),
        ("web, db ,,x", ["web", "db", "x"]),
        ("web:!db:&prod", ["web", "!db", "&prod"]),
        ("web[0:2]:db", ["web[0:2]", "db"]),
        ("2001:db8::1", ["2001:db8::1"]),
        ("a:b,c", ["a:b", "c"]),
        ("", []),
    ],
)
def test_split(text: str, parts: list[str]) -> None:
    assert split(text) == parts


@given(st.lists(NAMES, min_size=1))
def test_split_undoes_join(names: list[str]) -> None:
    assert split(",".join(names)) == names
    assert split(":".join(names)) == names


@given(st.lists(st.tuples(st.sampled_from(["", "&", "!"]), NAMES), min_size=1))
def test_plain_parts_come_first_and_exclusions_last(parts: list[tuple[str, str]]) -> None:
    signs = [part.sign for part in parse(",".join(sign + name for sign, name in parts))]
    assert signs == sorted(signs, key=["", "&", "!"].index)
    assert signs[0] == ""


@pytest.mark.parametrize(
    ("text", "hosts"), [("g[0]", "a"), ("g[-1]", "d"), ("g[1:2]", "bc"), ("g[2:]", "cd"), ("g[1:9]", "bcd")]
)
def test_subscript(text: str, hosts: str) -> None:
    (part,) = parse(text)
    assert part.text == "g"
    assert part.pick("abcd") == list(hosts)


@pytest.mark.parametrize("text", ["g[0-2]", "g[3:1]", "!", "~(", "g[7]", "a,&"])
def test_nonsense(text: str) -> None:
    with pytest.raises(PatternError):
        [(part.names(["x"]), part.pick("abc")) for part in parse(text)]


def test_regular_expressions_keep_their_brackets() -> None:
    assert parse("~web[12]") == [Pattern("", "~web[12]")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web", ("web", None)),
        ("web:22", ("web", 22)),
        ("web[1:3]", ("web[1:3]", None)),
        ("web[1:3]:22", ("web[1:3]", 22)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("[2001:db8::1]:22", ("2001:db8::1", 22)),
    ],
)
def test_split_port(text: str, expected: tuple[str, int | None]) -> None:
    assert split_port(text) == expected


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web", "web"),
        ("w[1:3]", "w1 w2 w3"),
        ("w[08:10].x", "w08.x w09.x w10.x"),
        ("w[a:c]", "wa wb wc"),
        ("w[0:6:3]", "w0 w3 w6"),
        ("w[:1]", "w0 w1"),
        ("[1:2]-[a:b]", "1-a 1-b 2-a 2-b"),
    ],
)
def test_expand(text: str, names: str) -> None:
    assert list(expand(text)) == names.split()


@pytest.mark.parametrize("text", ["w[1]", "w[1:]", "w[3:1]", "w[01:100]", "w[a:3]", "w[1:9:0]", "w[1:2:3:4]", "w[]"])
def test_no_range(text: str) -> None:
    with pytest.raises(PatternError, match="w"):
        list(expand(text))


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 7))
def test_ranges_count_both_ends(first: int, length: int, step: int) -> None:
    names = list(expand(f"n[{first}:{first + length}:{step}]"))
    assert names == [f"n{number}" for number in range(first, first + length + 1, step)]
