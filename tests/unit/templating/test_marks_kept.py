"""Where a mark was lost once: methods of empty texts, numbers beside the operator's, parts of
numbers, counts."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import TemplateError
from mooring.reporters.return_texts import show_values
from mooring.source import Text
from mooring.templating.foreign import CHOSEN, OPERATORS, SAID, mark, weigh
from mooring.templating.refusals import refuse, refuse_expression
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables

FACTS = {"name": "web1", "n": 2, "zero": 0, "big": 10**9, "digits": 10**4200, "lines": ["lookup('file', ", "'/x')"]}
OWN = {"of": {"web1": ["{{ base }}/a", "b"]}, "base": "keys", "list": ["a", "b", "c", "d"]}


def render(template: str) -> Any:
    variables = Variables(Templar(), [(OWN, False), (mark(FACTS), True)])
    return Templar().render(Text(template), variables)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.join(lines) }}",
        "{{ ''.join([name]) }}",
        "{{ ''.join([base, name]) }}",
        "{{ zero.bit_length() }}",
        "{{ n * 1.5 }}",
        "{{ 1.5 * n }}",
        "{{ 1.5 + n }}",
        "{{ 1.5 - n }}",
        "{{ 3.0 / n }}",
        "{{ 3.0 // n }}",
        "{{ 3.0 % n }}",
        "{{ 2.0 ** n }}",
        "{{ (n * 0.5) | int }}",
        "{{ n.real }}",
        "{{ n.numerator }}",
    ],
)
def test_what_is_computed_from_a_hosts_word_stays_the_hosts(template: str) -> None:
    value = render(template)
    assert weigh(value) == SAID, value
    with pytest.raises(TemplateError, match="that a host sent"):
        refuse(value, "ca_file", None)


@pytest.mark.parametrize(
    "template",
    [
        "{{ {}.get(name, 'a.pem') }}",
        "{{ list[(n * 1.0) | int] }}",
        "{{ list[n.real] }}",
        "{{ list[of[name] | length] }}",
        "{% set x = namespace(web1='a.pem') %}{{ x | attr(name) }}",
    ],
)
def test_what_is_picked_by_it_is_known_as_picked(template: str) -> None:
    assert weigh(render(template)) == CHOSEN


def test_joined_lines_of_a_host_are_no_expression() -> None:
    with pytest.raises(TemplateError, match="that a host sent"):
        refuse_expression(render("{{ ''.join(lines) }}"), "var", None)


@pytest.mark.parametrize(
    "template", ["{{ 'x' * (big * 1.5) | int }}", "{{ 'x' | center((1.5 * big) | int) }}", "{{ 'x'.ljust(big.real) }}"]
)
def test_a_number_that_passed_by_a_float_takes_no_memory(template: str) -> None:
    with pytest.raises(TemplateError, match="too much for a number that a host sent"):
        render(template)


@pytest.mark.parametrize(
    "template", ["{{ digits * digits }}", "{{ [digits * 10**10, 1] | sum * 10**30 }}", "{{ n ** 20000 }}"]
)
def test_no_number_is_computed_that_cannot_be_written(template: str) -> None:
    with pytest.raises(TemplateError, match=r"too many digits|too much"):
        render(template)


def test_the_longest_number_of_a_hosts_can_be_shown() -> None:
    (line,) = show_values({"n": render("{{ digits + 1 }}")})
    assert line.startswith("n: 1000")


def test_sums_of_the_operators_own_numbers_are_hers() -> None:
    assert weigh(render("{{ 1.5 * 2 + 3 ** 2 - 1 // 2 }}")) == OPERATORS
    assert render("{{ 1.5 * 2 + 3 ** 2 - 1 // 2 }}") == 12.0
