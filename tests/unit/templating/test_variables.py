"""Layers of variables: laziness, foreign text, recursion."""

from __future__ import annotations

from typing import Any

import pytest

from mooring import source
from mooring.errors import TemplateError, UndefinedVariable
from mooring.templating.templar import Templar
from mooring.templating.variables import HostVars, Precedence, Variables, unsafe


def layer(text: str) -> Any:
    return source.value(source.parse(text, "vars.yml"))


def make(text: str) -> Variables:
    return Variables(Templar(), [(layer(text), False)])


def test_higher_layers_are_seen_by_lower_ones() -> None:
    low = make("name: low\ngreeting: 'hello {{ name }}'")
    high = low.with_layer({"name": "high"})
    assert (low["greeting"], high["greeting"]) == ("hello low", "hello high")
    assert (len(high), sorted(high), "name" in high, "x" in high) == (2, ["greeting", "name"], True, False)
    with pytest.raises(KeyError):
        high["x"]


def test_foreign_text_is_never_a_template() -> None:
    variables = make("copied: '{{ output }}'\nhost: '{{ 1 }}'").with_layer(
        {"output": "{{ host }}", "deep": ["{{ host }}"]}, final=True
    )
    assert (variables["output"], variables["copied"], variables["deep"]) == ("{{ host }}", "{{ host }}", ["{{ host }}"])
    assert variables.raw("copied") == "{{ output }}"


def test_unsafe_is_never_a_template() -> None:
    assert make("a: !unsafe '{{ b }}'\nc: '{{ a }}'")["c"] == "{{ b }}"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("x: '{{ x }}'", "x -> x"),
        ("x: '{{ y }}'\ny: ['{{ z }}']\nz: '{{ x }}'", "x -> z -> x"),
        ("x: '{{ y }}'\ny: '{{ z }}'\nz: '{{ y }}'", "y -> z -> y"),
    ],
)
def test_circles(text: str, path: str) -> None:
    with pytest.raises(TemplateError) as caught:
        make(text)["x"]
    assert f"refers to itself: {path}" in str(caught.value)


def test_a_circle_within_a_container_ends_too() -> None:
    with pytest.raises(TemplateError, match=r"without end|itself"):
        make("x: {a: '{{ x.b }}', b: '{{ x.a }}'}")["x"]


def test_containers_are_lazy() -> None:
    variables = make("x: {port: 80, url: 'http://h:{{ x.port }}', bad: '{{ nope }}'}\ny: '{{ x.url }}'")
    assert variables["y"] == "http://h:80"
    with pytest.raises(UndefinedVariable, match="nope"):
        variables["x"]


def test_hostvars() -> None:
    others = {"web1": make("raw: '{{ 1 + 1 }}'"), "web2": make("look: 5")}
    names: list[str] = []

    def find(name: str) -> Variables:
        names.append(name)
        return others[name]

    variables = make(
        "other: '{{ hostvars.web1.raw }}'\nall: \"{{ hostvars | list }}\"\nnone: '{{ hostvars.web3.x | default(0) }}'"
    )
    variables = variables.with_layer({"hostvars": HostVars(("web1", "web2"), find)}, final=True)
    assert (variables["all"], variables["none"], names) == (["web1", "web2"], 0, [])
    assert variables["other"] == 2
    assert Templar().render("{{ hostvars['web2'].look }}", variables) == 5


def test_precedence_is_the_order_of_its_fields() -> None:
    precedence = Precedence(
        extra_vars=[{"a": "extra"}],
        role_defaults=[{"a": "default", "b": "default"}],
        task_vars=[{"b": "outer"}, {"b": "inner"}],
    )
    variables = precedence.variables(Templar())
    assert (variables["a"], variables["b"]) == ("extra", "inner")


def test_facts_are_final() -> None:
    variables = Precedence(facts=[{"motd": "{{ x }}"}], set_facts=[{"y": "{{ x }}"}]).variables(Templar())
    assert (variables["motd"], variables["y"]) == ("{{ x }}", "{{ x }}")


def test_foreign_text_may_be_marked() -> None:
    variables = make("secret: x\ncopy: '{{ item.out }}'").with_layer(
        {"item": unsafe({"out": "{{ secret }}", "l": ["{{ secret }}"]})}
    )
    assert variables["copy"] == "{{ secret }}"
    assert variables["item"] == {"out": "{{ secret }}", "l": ["{{ secret }}"]}
