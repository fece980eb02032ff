"""YAML with places."""

from __future__ import annotations

import pytest

from mooring import source
from mooring.errors import PlaybookError, SourceError
from mooring.source import Reader


def read(text: str) -> object:
    return source.value(source.parse(text, "f.yml"))


def test_values_have_ansibles_types() -> None:
    assert read("mode: 0644\nyes_no: yes\nport: 22\nnothing:\n") == {
        "mode": 0o644,
        "yes_no": True,
        "port": 22,
        "nothing": None,
    }


def test_strings_know_their_place() -> None:
    value = read("a:\n  - b: text\n")
    where = value["a"][0]["b"].where
    assert (where.path, where.line, where.column, where.text) == ("f.yml", 2, 8, "  - b: text")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 'f.yml:3:1: duplicate key "a", first given in line 1'),
        ("a:\n\tb: 1\n", "f.yml:2:1: a tab cannot indent YAML (use spaces)"),
        ("a: {{ b }}\n", "f.yml:1:5: a key must be plain (a value that begins with {{ needs quotes)"),
        ("a: !vault x\n", "f.yml:1:4: vault values cannot be read"),
        ("a: !ref x\n", "f.yml:1:4: unknown tag !ref"),
        ("a: 2020-13-45\n", "f.yml:1:4: cannot be understood"),
    ],
)
def test_mistakes_are_shown_with_their_line(text: str, message: str) -> None:
    with pytest.raises(SourceError) as error:
        read(text)
    assert str(error.value).startswith(message)
    line = error.value.where.text
    assert f"    {line}\n    {' ' * (error.value.where.column - 1)}^" in str(error.value)


def test_merge_keys_are_resolved_and_own_keys_win() -> None:
    assert read("base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3\n")["mine"] == {"x": 1, "y": 3}


def test_unsafe_strings_are_marked() -> None:
    assert isinstance(read("!unsafe '{{ x }}'"), source.Unsafe)


def test_reader_refuses_what_nobody_takes() -> None:
    reader = Reader(source.parse("name: x\nsate: started\n", "p.yml"), "the task")
    assert reader.take_text("name") == "x"
    assert reader.take("state") is None
    with pytest.raises(PlaybookError) as error:
        reader.finish()
    assert str(error.value).splitlines() == [
        'p.yml:2:1: unknown key "sate" in the task (did you mean "state"?)',
        "    sate: started",
        "    ^",
    ]


def test_reader_wants_yes_or_no() -> None:
    reader = Reader(source.parse("a: maybe\n", "p.yml"), "it")
    with pytest.raises(PlaybookError, match='1:4: "a" must be yes or no'):
        reader.take_bool("a")
