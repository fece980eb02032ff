"""Templates: what is refused before the run, and where mistakes are said to be. tests/language
compares the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mooring import source
from mooring.errors import TemplateError, UndefinedVariable, Where
from mooring.source import Text
from mooring.templating.templar import OMIT, Templar, is_template

WHERE = Where("site.yml", 3, 9, "  name: {{ x }}")


@pytest.mark.parametrize(
    "text", ["plain", "{{ a }}", "{{ a | default(omit) }}", "{{ lookup('env', x) }}", "{# {{ #}", "a }}"]
)
def test_check_accepts(text: str) -> None:
    Templar().check(text, WHERE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ a", "template syntax"),
        ("{% if a %}x", "template syntax"),
        ("{{ a | to_jsn }}", "unknown filter 'to_jsn' (did you mean \"to_json\"?)"),
        ("{% if false %}{{ a | nope_nope }}{% endif %}", "unknown filter 'nope_nope'"),
        ("{{ a is defind }}", "unknown test 'defind' (did you mean \"defined\"?)"),
        ("{{ lookup('fil', 'x') }}", "unknown look-up 'fil' (did you mean \"file\"?)"),
        ("{{ q('nope_nope', 'x') }}", "unknown look-up 'nope_nope'"),
    ],
)
def test_check_refuses(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Templar().check(text, WHERE)
    assert message in str(caught.value)
    assert caught.value.where == WHERE


@pytest.mark.parametrize("condition", [True, "a == 1", "{{ a }}", ["a", "b is defined"], "not a", None])
def test_check_condition_accepts(condition: Any) -> None:
    Templar().check_condition(condition, WHERE)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("a = 1", "template syntax"),
        ("a b", "template syntax"),
        ("a == '{{ b }}'", "a condition is an expression already (write it without {{ }})"),
        ("{{ a }} == 'b'", "a condition is an expression already (write it without {{ }})"),
        ("a is defined and {{ b }}", "a condition is an expression already (write it without {{ }})"),
        ("a = 'b'", 'did you mean "=="?'),
        ("a and (b | default('=') | int(base=8)) = 3", 'did you mean "=="?'),
        ("a | int(base=8) b", "syntax: "),
        ("a is suceeded", 'did you mean "succeeded"'),
        (["a", "b |"], "template syntax"),
    ],
)
def test_check_condition_refuses(condition: Any, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Templar().check_condition(condition, WHERE)
    assert message in str(caught.value)


def test_errors_name_place_and_variable() -> None:
    text = Text("{{ registri_port }}", WHERE)
    with pytest.raises(UndefinedVariable) as caught:
        Templar().render(text, {"registry_port": 5000})
    assert str(caught.value).startswith("site.yml:3:9: 'registri_port' is undefined (did you mean \"registry_port\"?)")


def test_the_place_is_that_of_the_broken_variable() -> None:
    from mooring.templating.variables import Variables

    vars_node = source.parse("a: 1\nbroken: '{{ nope }}'\n", "defaults.yml")
    variables = Variables(Templar(), [(source.value(vars_node), False)])
    with pytest.raises(UndefinedVariable) as caught:
        Templar().render(Text("{{ broken }}", WHERE), variables)
    assert str(caught.value.where) == "defaults.yml:2:9"


def test_values_that_are_no_templates_stay_the_same_objects() -> None:
    text = Text("plain", WHERE)
    assert Templar().render(text, {}) is text
    assert Templar().render("{{ x }}", {"x": text}) is text


def test_omit() -> None:
    templar = Templar()
    assert templar.render({"a": "{{ omit }}", "b": ["{{ omit }}", 1]}, {}) == {"b": [1]}
    assert templar.render("{{ x | default(omit) }}", {}) is OMIT
    with pytest.raises(TemplateError, match="omit stands inside a text"):
        templar.render("x{{ omit }}", {})


@pytest.mark.parametrize(
    ("condition", "value", "message"),
    [
        ("b", "false", 'condition `b` is the text "false", not a boolean: it counts as true (use `b | bool`)'),
        (
            "b or c",
            "No",
            'condition `b or c` is the text "No", not a boolean: it counts as true (use `(b or c) | bool`)',
        ),
        ("{{ b }}", ["x"], "condition `{{ b }}` is a list, not a boolean: it counts as true (use `b | length > 0`)"),
        ("b", "s3cret", "condition `b` is a text, not a boolean: it counts as true (use `b | length > 0`)"),
        ("b", {}, "condition `b` is an empty mapping, not a boolean: it counts as false (use `b | length > 0`)"),
        ("b", None, "condition `b` is null, not a boolean: it counts as false (use `b is not none`)"),
        ("b", 0, "condition `b` is a number, not a boolean: it counts as false (use `b != 0`, or `b | bool`)"),
        (" ", 1, "an empty condition counts as true (leave it out)"),
    ],
)
def test_condition_that_is_no_boolean_is_warned_of_once(condition: str, value: Any, message: str) -> None:
    templar, warnings = Templar(), list[str]()
    templar.warn = warnings.append
    for _ in range(2):
        assert templar.condition(Text(condition, WHERE), {"b": value, "c": ""}) is ("as true" in message)
    assert [text.splitlines()[0] for text in warnings] == [f"site.yml:3:9: {message}"]
    templar.condition(Text(condition, Where("other.yml", 1, 1)), {"b": value, "c": ""})
    assert len(warnings) == 2


def test_conditions_do_not_run_a_hosts_output() -> None:
    with pytest.raises(TemplateError, match="not a boolean"):
        Templar().condition("{{ out }}", {"out": "1 == 1"})


def test_is_template() -> None:
    assert is_template({"a": ["x {{ y }}"]})
    assert not is_template({"a": ["x"], "b": 5})


def test_file_errors_name_the_line(tmp_path: Path) -> None:
    (tmp_path / "main.j2").write_text("one\n{% include 'part.j2' %}\n", encoding="utf-8")
    (tmp_path / "part.j2").write_text("two\n\n   {{ nope }}\n", encoding="utf-8")
    with pytest.raises(UndefinedVariable) as caught:
        Templar().render_file(tmp_path / "main.j2", {})
    assert str(caught.value.where) == f"{tmp_path}/part.j2:3:4"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a\n{% if x %}\n", ":2:1", "template syntax"),
        ("a\nb {{ c | nope_nope }}\n", ":2:1", "unknown filter"),
    ],
)
def test_check_file(text: str, place: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.j2"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TemplateError) as caught:
        Templar().check_file(path)
    assert message in str(caught.value)
    assert str(caught.value.where).startswith(f"{path}{place}")


def test_check_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no such file"):
        Templar().check_file(tmp_path / "x.j2")


def test_file_options_and_search_path(tmp_path: Path) -> None:
    (tmp_path / "role/templates").mkdir(parents=True)
    (tmp_path / "role/templates/part.j2").write_text("part [[ x ]]", encoding="utf-8")
    (tmp_path / "main.j2").write_text("[[ x ]] {{ x }} {% include 'part.j2' %}\n", encoding="utf-8")
    options = {"variable_start_string": "[[", "variable_end_string": "]]"}
    text = Templar().render_file(tmp_path / "main.j2", {"x": 5}, [tmp_path / "role"], options)
    assert text == "5 {{ x }} part 5\n"


def test_ansible_managed(tmp_path: Path) -> None:
    path = tmp_path / "x.j2"
    path.write_text("# {{ ansible_managed }}\n", encoding="utf-8")
    assert Templar().render_file(path, {}) == "# Ansible managed\n"
    assert Templar().render_file(path, {"ansible_managed": "mine"}) == "# mine\n"


def test_variables_are_not_rendered_before_they_are_named(tmp_path: Path) -> None:
    class Watched(dict[str, Any]):
        read: list[str] = []

        def __getitem__(self, key: str) -> Any:
            self.read.append(key)
            return super().__getitem__(key)

    (tmp_path / "main.j2").write_text("{% for i in [1] %}{% include 'part.j2' %}{% endfor %}", encoding="utf-8")
    (tmp_path / "part.j2").write_text("{{ i }}{{ used }}", encoding="utf-8")
    variables = Watched(used="u", other="o")
    assert Templar().render_file(tmp_path / "main.j2", variables) == "1u"
    assert set(variables.read) == {"used"}


def test_lookup_file(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/key.pub").write_text("ssh-ed25519 AAAA\n", encoding="utf-8")
    templar = Templar(tmp_path)
    assert templar.render("{{ lookup('file', 'key.pub') }}", {}) == "ssh-ed25519 AAAA"
    assert templar.render("{{ lookup('file', 'key.pub', rstrip=false) }}", {}) == "ssh-ed25519 AAAA\n"
    with pytest.raises(TemplateError, match="no file 'nope'"):
        templar.render("{{ lookup('file', 'nope') }}", {})


def test_lookup_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOORING_TEST", "{{ x }}")
    templar = Templar()
    assert templar.render("{{ lookup('env', 'MOORING_TEST') }}", {"x": 1}) == "{{ x }}"
    assert templar.render("{{ query('env', 'MOORING_TEST') }}", {}) == ["{{ x }}"]
    assert templar.render("{{ lookup('env', 'MOORING_NOT', default='d') }}", {}) == "d"


@pytest.mark.parametrize("text", ["{{ ''.__class__ }}", "{{ [].__class__.__mro__ }}", "{{ x.__init__ }}"])
def test_the_sandbox_holds(text: str) -> None:
    with pytest.raises(TemplateError):
        Templar().render(text, {"x": 1})


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ " + "+".join(["a"] * 5000) + " }}",
        "{{ a" + "|trim" * 3000 + " }}",
        "{{ " + "1 if a else " * 300 + "2 }}",
        "{% for a in b %}" * 25 + "{% endfor %}" * 25,
        "{% if a %}" * 120 + "{% endif %}" * 120,
    ],
    ids=["brackets", "operators", "filters", "ternaries", "loops", "ifs"],
)
def test_what_nests_too_deeply_is_found_before_any_host_is_touched(text: str, tmp_path: Path) -> None:
    where = Where("p.yml", 3, 5, "  a: …")
    with pytest.raises(TemplateError, match=r"p.yml:3:5: .*(nests? too deeply|Python cannot compile it)"):
        Templar().check(text, where)
    if text.startswith("{{"):
        with pytest.raises(TemplateError, match=r"p.yml:3:5: .*nests? too deeply"):
            Templar().check_condition(text[2:-2], where)
    (tmp_path / "t.j2").write_text(text)
    with pytest.raises(TemplateError, match=r"t.j2.*(nests? too deeply|Python cannot compile it)"):
        Templar().check_file(tmp_path / "t.j2")
    with pytest.raises(TemplateError, match=r"nests? too deeply|Python cannot compile it"):
        Templar().render(text, {"a": 1, "b": [1]})


def test_from_yaml_takes_no_bomb() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))
    with pytest.raises(TemplateError, match="stand for more than 1,000,000 values"):
        Templar().render("{{ text | from_yaml }}", {"text": f"l0: &l0 x\n{levels}"})
