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
        ("a: !!python/object/apply:os.system [x]\n", "f.yml:1:4: unknown tag !!python/object/apply:os.system"),
        ("a: !!python/name:os.system x\n", "f.yml:1:4: unknown tag !!python/name:os.system"),
        ("a: !!python/tuple {b: c}\n", "f.yml:1:4: unknown tag !!python/tuple"),
        ("a: !!set {b, c}\n", "f.yml:1:4: unknown tag !!set"),
        ("a: !vault {b: c}\n", "f.yml:1:4: vault values cannot be read"),
        ("!ref a: b\n", "f.yml:1:1: unknown tag !ref"),
        ("a: =\n", "f.yml:1:4: unknown tag !!value"),
        ("a: !!bool maybe\n", "f.yml:1:4: cannot be understood: this is not a valid !!bool"),
        ("a: !!timestamp x\n", "f.yml:1:4: cannot be understood: this is not a valid !!timestamp"),
        ("a: !!int ''\n", "f.yml:1:4: cannot be understood: this is not a valid !!int"),
        ("a: !!binary é\n", "f.yml:1:4: cannot be understood"),
        ("a: 0x" + "f" * 5000, "f.yml:1:4: cannot be understood: a value of this kind has at most 1000 characters"),
        ("a: 1" + ":01" * 5000, "f.yml:1:4: cannot be understood: a value of this kind has at most 1000 characters"),
        ("<<: 5\n", "f.yml:1:5: << merges a mapping, or a list of them"),
        ("<<: [{a: 1}, b]\n", "f.yml:1:14: << merges a mapping, or a list of them"),
        ("<<: {[a]: 1}\n", "f.yml:1:6: a key must be plain"),
    ],
)
def test_mistakes_are_shown_with_their_line(text: str, message: str) -> None:
    with pytest.raises(SourceError) as error:
        read(text)
    assert str(error.value).startswith(message)
    line = error.value.where.text
    if len(line) > 160:  # one that is too long is shown in part
        line = line[:160]
    assert f"    {line}\n    {' ' * (error.value.where.column - 1)}^" in str(error.value)


def test_merge_keys_are_resolved_and_own_keys_win() -> None:
    assert read("base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3\n")["mine"] == {"x": 1, "y": 3}


def test_unsafe_strings_are_marked() -> None:
    assert isinstance(read("!unsafe '{{ x }}'"), source.Unsafe)


def test_what_is_unsafe_is_so_all_through() -> None:
    value = read("a: !unsafe [x, {b: '{{ y }}'}]\n")["a"]
    assert isinstance(value[0], source.Unsafe)
    assert isinstance(value[1]["b"], source.Unsafe)
    assert (value[1]["b"].where.line, value[1]["b"].where.column) == (1, 20)


def test_keys_of_every_kind() -> None:
    assert list(read("null: 1\n1: 2\n1.5: 3\n2020-01-01: 4\nno: 5\n")) == [None, 1, 1.5, "2020-01-01", False]


def test_a_document_in_one_line_is_shown_around_the_mistake() -> None:
    text = "{" + ", ".join(f'"key{number}": {number}' for number in range(5000)) + ', "key7": 1}'
    with pytest.raises(SourceError) as error:
        read(text)
    _, line, caret = str(error.value).splitlines()
    assert len(line) <= 164
    assert line[caret.index("^") :].startswith('"key7": 1')


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
