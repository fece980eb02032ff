"""What a host's text picks among the operator's values, and its numbers: known wherever they go,
and of use all along.

What is refused where is in the table of `docs/security.md`.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.errors import ArgumentError, TemplateError, Where
from mooring.source import Text
from mooring.templating.conversion import convert
from mooring.templating.foreign import CHOSEN, OPERATORS, SAID, choose, mark, stamp, weigh
from mooring.templating.foreign_kinds import Foreign, ForeignFloat, ForeignInt, join
from mooring.templating.jinja import formats
from mooring.templating.refusals import check_name, check_place, refuse, refuse_expression, refuse_name
from mooring.templating.templar import Templar
from mooring.templating.variables import HostVars, Variables

FACTS = {
    "os": "Debian",
    "name": "web1",
    "n": 1,
    "half": 0.5,
    "big": 10**9,
    "said": ["web1", "x"],
    "result": {"stdout": "web1", "size": 7, "mode": "%999999999d", "spec": "{:999999999}", "yaml": "a: 2024-05-01"},
}
OWN = {
    "keys": {"web1": "keys/web1.pem", "web2": "keys/web2.pem", "own": "{{ base }}/own.pem"},
    "families": {"Debian": {"file": "debian.yml", "port": 80, "list": ["a", "b"]}, "RedHat": {"file": "redhat.yml"}},
    "items": [{"name": "web1", "path": "a.pem", "on": True}, {"name": "web2", "path": "b.pem", "on": False}],
    "paths": ["a.pem", "b.pem", "c.pem"],
    "beside": [{"of": "{{ os }}", "path": "a.pem"}, {"of": "other", "path": "b.pem"}],
    "base": "keys",
    "checks": {"Debian": Text("n == 1"), "RedHat": Text("false")},
    "empty": {"Debian": ""},
    "ca_web1": "a.pem",
}


def variables() -> Variables:
    others = HostVars(["web1"], lambda name: {"key_file": "a.pem", "list": ["a"]})
    own = {name: _placed(value) for name, value in OWN.items()}
    return Variables(Templar(), [(own, False), (mark(FACTS), True)], [{"hostvars": others}])


def _placed(value: Any) -> Any:
    """The value as a file of the operator's has it."""
    if isinstance(value, str):
        return Text(value, Where("vars.yml", 1, 1))
    if isinstance(value, dict):
        return {key: _placed(child) for key, child in value.items()}
    return [_placed(child) for child in value] if isinstance(value, list) else value


def render(template: str) -> Any:
    return Templar().render(template, variables())


PICKED = [
    "{{ keys[name] }}",
    "{{ keys[result.stdout] }}",
    "{{ keys[name | lower] }}",
    "{{ keys.get(name) }}",
    "{{ keys.get('w' ~ 'eb' ~ n) }}",
    "{{ keys.get(name, 'x') }}",
    "{{ (families | dict2items | selectattr('key', 'equalto', os) | first).value.file }}",
    "{{ {'web1': 'a.pem'}[name] }}",
    "{{ families[os].file }}",
    "{{ families[os]['file'] }}",
    "{{ families[os].list[0] }}",
    "{{ families[os].list | first }}",
    "{{ families[os].items() | list | first | last }}",
    "{{ families[os].keys() | list | first }}",
    "{{ families[os].values() | list | first }}",
    "{{ families[os].list | join('-') }}",
    "{{ name | extract(keys) }}",
    "{{ [name] | map('extract', keys) | first }}",
    "{{ os | extract(families, 'file') }}",
    "{{ hostvars[name].key_file }}",
    "{{ hostvars[name]['list'][0] }}",
    "{{ items | selectattr('name', 'equalto', name) | map(attribute='path') | first }}",
    "{{ (items | selectattr('name', 'equalto', name) | first).path }}",
    "{{ (items | rejectattr('name', 'equalto', name) | first).path }}",
    "{{ (items | selectattr('name', 'in', said) | list)[0].path }}",
    "{{ (beside | selectattr('of', 'equalto', 'Debian') | first).path }}",
    "{{ (beside | sort(attribute='of') | first).path }}",
    "{{ (beside | max(attribute='of')).path }}",
    "{{ (beside | groupby('of') | first | last | first).path }}",
    "{{ ['web1', 'own'] | intersect(said) | first }}",
    "{{ ['web1', 'own'] | difference(said) | first }}",
    "{{ ['web1', 'own'] | select('in', said) | first }}",
    "{{ paths[n] }}",
    "{{ paths[n:] | first }}",
    "{{ paths[:n] | last }}",
    "{{ paths[n - 1] }}",
    "{{ paths | batch(n) | first | first }}",
    "{{ lookup('vars', 'ca_' ~ name) }}",
    "{{ (dict(['web1', 'web2'] | zip(['a.pem', 'b.pem'])))[name] }}",
    "{{ keys[name] | lower }}",
    "{{ keys[name].replace('keys', 'k') }}",
    "{{ keys[name] | basename }}",
    "{{ keys[name] | regex_replace('keys', 'k') }}",
    "{{ 'x/' ~ keys[name] }}",
    "{{ '%s/x' % keys[name] }}",
    "{{ '%s/%s' | format('x', keys[name]) }}",
    "{{ '{}/x'.format(keys[name]) }}",
    "{{ '{:>20}'.format(keys[name]) }}",
    "{{ ['x', keys[name]] | join('/') }}",
    "{{ keys[name][1:] }}",
    "{{ keys[name].split('/') | last }}",
    "{{ keys[name][::-1] }}",
    "{% set x = keys[name] %}{{ x }}",
    "{% for one in [name] %}{{ keys[one] }}{% endfor %}",
    "{% macro pick(x) %}{{ keys[x] }}{% endmacro %}{{ pick(name) }}",
    "{{ families[os] | to_json }}",
    "{{ (families[os] | to_json | from_json).file }}",
    "{{ (families[os] | combine({'x': 1})).file }}",
    "{{ families[os].port ~ '.pem' }}",
    "{{ (families[os].port + 1) ~ '.pem' }}",
    "{{ empty[os] ~ 'a.pem' }}",
]


@pytest.mark.parametrize("template", PICKED)
def test_what_a_hosts_text_picks_is_known_as_picked(template: str) -> None:
    value = render(template)
    assert weigh(value) == CHOSEN, (value, getattr(value, "mask", None))
    with pytest.raises(TemplateError, match=r"ca_file was chosen by text that a host sent"):
        refuse(value, "ca_file", None)


@pytest.mark.parametrize("template", [template for template in PICKED if "to_json }}" not in template])
def test_what_is_picked_may_name_a_file(template: str) -> None:
    """The operator's own text stays of use."""
    name = render(template)
    check_name(name, None)
    refuse_name(name, "the variable")


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a.pem' if os == 'Debian' else 'b.pem' }}",
        "{{ (os == 'Debian') | ternary('a.pem', 'b.pem') }}",
        "{% if os == 'Debian' %}a.pem{% else %}b.pem{% endif %}",
        "{{ keys['web1'] }}",
        "{{ keys.web1 }}",
        "{{ keys[base] | default('x') }}",
        "{{ paths[1:] | first }}",
        "{{ items | selectattr('on') | map(attribute='path') | first }}",
        "{{ (items | selectattr('name', 'equalto', 'web1') | first).path }}",
        "{{ paths | sort | first }}",
        "{{ paths | length }}",
        "{{ keys | dict2items | map(attribute='value') | list }}",
        "{{ beside | map(attribute='path') | list }}",
        "{{ 'x' * 200000 }}",
        "{{ (2 ** 70) ~ '' }}",
        "{{ range(3) | list }}",
        "{{ '%05d' % 7 }}",
        "{{ 7 | center(9) }}",
    ],
)
def test_what_no_hosts_text_picks_is_not(template: str) -> None:
    assert weigh(render(template)) == OPERATORS


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'keys/web1.pem'[:n + 4] }}",
        "{{ 'a/..'[n] }}",
        "{{ ('a' ~ name ~ '/b')[:n] }}",
        "{{ keys[name] ~ name }}",
        "{{ keys[name] | regex_replace('keys', os) }}",
        "{{ keys[name].replace('keys', os) }}",
        "{{ '%s-%s' % (keys[name], os) }}",
        "{{ [keys[name], name] | to_json }}",
    ],
)
def test_what_is_made_with_a_hosts_own_text_is_the_hosts(template: str) -> None:
    assert weigh(render(template)) == SAID


NUMBERS = [
    "{{ n ~ '.pem' }}",
    "{{ n }}.pem",
    "{{ half ~ '.pem' }}",
    "{{ (n + 1) ~ '.pem' }}",
    "{{ (2 - n) ~ '.pem' }}",
    "{{ (n / 2) ~ '.pem' }}",
    "{{ (2 ** n) ~ '.pem' }}",
    "{{ (-n) ~ '.pem' }}",
    "{{ (7 % n) ~ '.pem' }}",
    "{{ (7 // n) ~ '.pem' }}",
    "{{ (half * 3) ~ '.pem' }}",
    "{{ '%d.pem' % n }}",
    "{{ '%03d.pem' % n }}",
    "{{ '%.1f.pem' % half }}",
    "{{ '%(x)s.pem' % {'x': n} }}",
    "{{ '%(x)d.pem' % {'x': n} }}",
    "{{ '%d.pem' | format(n) }}",
    "{{ '{}.pem'.format(n) }}",
    "{{ '{:03d}.pem'.format(n) }}",
    "{{ '{0}.pem'.format(n + 1) }}",
    "{{ '{x}.pem'.format(x=n) }}",
    "{{ 'a' ~ (n | string) ~ '.pem' }}",
    "{{ (n | int) ~ '.pem' }}",
    "{{ (n | float | round | int) ~ '.pem' }}",
    "{{ (n | abs) ~ '.pem' }}",
    "{{ ([n, 2] | sum) ~ '.pem' }}",
    "{{ ([n, 2] | max) ~ '.pem' }}",
    "{{ [n, 'pem'] | join('.') }}",
    "{{ '.'.join([n | string, 'pem']) }}",
    "{{ (name | length) ~ '.pem' }}",
    "{{ (said | length) ~ '.pem' }}",
    "{{ (said | count) ~ '.pem' }}",
    "{{ name.find('b') ~ '.pem' }}",
    "{{ 'web1'.find(name) ~ '.pem' }}",
    "{{ ['web1'].index(name) ~ '.pem' }}",
    "{{ (range(n) | length) ~ '.pem' }}",
    "{{ (range(n, 5) | first) ~ '.pem' }}",
    "{{ result.size ~ '.pem' }}",
    "{{ (result | to_json | from_json).size ~ '.pem' }}",
    "{{ (result.yaml | from_yaml).a ~ '.pem' }}",
    "{{ n.bit_length() ~ '.pem' }}",
    "{% set x = n %}{{ x }}.pem",
    "{% set x = namespace(y=n) %}{{ x.y + 1 }}.pem",
]


@pytest.mark.parametrize("template", NUMBERS)
def test_a_hosts_number_is_known_once_it_is_text(template: str) -> None:
    name = render(template)
    assert isinstance(name, Foreign)
    with pytest.raises(TemplateError, match="that a host sent"):
        refuse(name, "ca_file", None)


@pytest.mark.parametrize("template", [template for template in NUMBERS if "-n" not in template])
def test_and_is_a_part_of_a_name_as_a_text_is(template: str) -> None:
    check_name(render(template), None)


def test_a_hosts_number_alone_names_nothing() -> None:
    value = render("{{ n }}")
    assert value == 1
    for name in (convert({"type": "path"}, value, "src", None), str(value), str(render("{{ half }}"))):
        with pytest.raises(TemplateError, match="text that a host sent"):
            check_name(name, None)
    for template in ("{{ lookup('env', n) }}", "{{ lookup('file', n) }}"):
        with pytest.raises(TemplateError, match="host"):
            render(template)


def test_a_hosts_number_is_an_ordinary_number_otherwise() -> None:
    assert render("{{ n }}") == 1
    assert isinstance(render("{{ n + 1 }}"), ForeignInt)
    assert isinstance(render("{{ half }}"), ForeignFloat)
    assert render("{{ {'a': n, 'b': half} | to_json }}") == '{"a": 1, "b": 0.5}'
    assert yaml.safe_load(render("{{ {'a': n, 'b': half} | to_nice_yaml }}")) == {"a": 1, "b": 0.5}
    assert render("{{ [n, 0] | sort }}") == [0, 1]
    assert render("{{ n == 1 and n < 2 and n is number and n is integer and half is float }}") is True
    assert render("{{ {1: 'a'}[n] }}") == "a"
    assert convert({"type": "int"}, render("{{ n }}"), "port", None) == 1
    with pytest.raises(ArgumentError, match="must be yes or no"):
        convert({"type": "bool"}, render("{{ result.size }}"), "x", None)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * big }}",
        "{{ big * 'x' }}",
        "{{ 'xyz' * result.size * 99999 }}",
        "{{ [1] * big }}",
        "{{ name * 100000000 }}",
        "{{ 'x'.ljust(big) }}",
        "{{ 'x'.rjust(big) }}",
        "{{ 'x'.center(big) }}",
        "{{ 'x'.zfill(big) }}",
        "{{ '\t'.expandtabs(big) }}",
        "{{ 'x' | center(big) }}",
        "{{ 'x\ny' | indent(big) }}",
        "{{ [1] | batch(big, 'x') | list }}",
        "{{ [1] | slice(big) | list }}",
        "{{ {'a': 1} | to_nice_json(indent=big) }}",
        "{{ {'a': 1} | tojson(big) }}",
        "{{ 1 | round(big, 'ceil') }}",
        "{{ '%*d' % (big, 1) }}",
        "{{ '%*d' | format(big, 1) }}",
        "{{ result.mode % 1 }}",
        "{{ '{:{}}'.format(1, big) }}",
        "{{ '{:{w}}'.format(1, w=big) }}",
        "{{ '{x:{w}}'.format_map({'x': 1, 'w': big}) }}",
        "{{ result.spec.format(1) }}",
        "{{ 2 ** big }}",
        "{{ big ** big }}",
        "{{ range(big) | list }}",
        "{{ lipsum(big) }}",
    ],
)
def test_no_number_of_a_hosts_takes_this_machines_memory(template: str) -> None:
    begun = time.monotonic()
    with pytest.raises(TemplateError, match=r"too much for a number that a host sent|Range too big"):
        render(template)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ '-' * result.size }}", "-------"),
        ("{{ os | center(result.size + 1) }}", " Debian "),
        ("{{ big + 1 }}", 10**9 + 1),
        ("{{ none | default(big) }}", None),
        ("{{ nothing | default(big) }}", 10**9),
        ("{{ [big, 1] | sum(start=big) }}", 2 * 10**9 + 1),
        ("{{ '%s' % big }}", "1000000000"),
        ("{{ big | filesizeformat }}", "1.0 GB"),
        ("{{ ('x' * 300000) | length }}", 300000),
        ("{{ 'x' | int(big) }}", 10**9),
        ("{{ (2 ** 20) * n }}", 2**20),
    ],
)
def test_honest_sizes_are_no_trouble(template: str, value: Any) -> None:
    assert render(template) == value


def test_a_condition_that_a_host_chose_is_the_operators_own() -> None:
    templar = Templar()
    assert templar.condition(Text("{{ checks[os] }}"), variables()) is True
    assert templar.condition(Text("checks[os]"), variables()) is True
    for text in ("{{ checks[os] ~ '' }}", "{{ checks[os][:2] }}", "{{ checks[os] | trim | upper }}"):
        with pytest.raises(TemplateError, match="not a boolean"):
            templar.condition(Text(text), variables())


def test_an_expression_is_compiled_only_where_it_is_written_so() -> None:
    refuse_expression(render("{{ checks[os] }}"), "var", None)
    refuse_expression(render("{{ n }}"), "var", None)
    for template in ("{{ checks[os] ~ '' }}", "{{ checks[os][1:] }}", "{{ os }}"):
        with pytest.raises(TemplateError, match="that a host sent"):
            refuse_expression(render(template), "var", None)
    with pytest.raises(TemplateError, match="that a host sent"):
        refuse_expression([choose(Text("a")), Foreign("b")], "that", None)


def test_a_chosen_path_leads_where_the_operator_says_but_to_no_key(tmp_path: Path) -> None:
    elsewhere, role = tmp_path / "elsewhere", tmp_path / "role"
    elsewhere.mkdir()
    (elsewhere / "image.tar").write_text("x")
    (elsewhere / "a.pem").write_text("-----BEGIN PRIVATE KEY-----\n")
    image, key = str(elsewhere / "image.tar"), str(elsewhere / "a.pem")
    check_place(choose(image), Path(image), [role], None)
    with pytest.raises(TemplateError, match="private key"):
        check_place(choose(key), Path(key), [role], None)
    with pytest.raises(TemplateError, match="leads out"):
        check_place(join([str(elsewhere), "/", Foreign("image"), ".tar"]), Path(image), [role], None)


def test_nothing_of_an_object_but_its_items_is_picked() -> None:
    with pytest.raises(TemplateError):
        Templar().render("{{ keys[word] }}", variables().with_layer({"word": Foreign("keys")}, final=True))


def test_what_is_marked_twice_keeps_the_heavier_mark() -> None:
    assert weigh(stamp(mark("a"), CHOSEN)) == SAID
    assert weigh(choose({"a": mark("b")})) == SAID
    assert weigh(choose({"a": "b"})) == CHOSEN
    assert weigh([choose("a"), "b", 1, None, True]) == CHOSEN
    assert weigh([choose(""), "b"]) == CHOSEN
    assert weigh([True, False, None]) == OPERATORS


def test_a_format_with_keys_within_keys_is_no_work() -> None:
    """Before, the expressions went on from each of them to the first end: an hour for these."""
    many = 100_000
    key = "%(" * many + ")" * many
    assert formats.interpolate(f"%({key})s", {key: "x"}) == "x"
