"""Values, conditions and template files rendered by Mooring and by ansible-core: the results must
be the same."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from ansible._internal._templating._jinja_common import _TemplateConfig
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar as AnsibleTemplar
from ansible.template import trust_as_template

from mooring import source
from mooring.errors import TemplateError, Where
from mooring.templating.templar import OMIT, Templar
from mooring.templating.variables import Variables

FACTS = {
    "ansible_distribution": "CentOS",
    "version": "1.13.1",
    "evil": "{{ port }}",
    "result": {"rc": 0, "changed": True, "stdout": "a\nb", "stdout_lines": ["a", "b"], "failed": False},
    "looped": {"results": [{"changed": False}, {"changed": True}], "skipped": True},
}
VARS = r"""
port: 80
name: registry.example.com
empty: ""
nothing: null
yes_word: "yes"
ratio: 1.5
mode: 0644
words: [b, a, c, a]
numbers: [3, 1, 2]
nested: [[1, 2], [3, [4, null]]]
people: [{name: ann, age: 30, tags: [x]}, {name: bob, age: 25, tags: [y, z]}]
settings: {a: 1, b: {c: 2, d: [1, 2]}}
more: {b: {c: 3, d: [2, 3], e: 5}, f: 6}
url: "http://{{ name }}:{{ port }}/v2/"
nginx: {port: 8080, listen: "{{ nginx.port }}", broken: "{{ no_such }}", names: ["{{ name }}", other]}
broken: "{{ no_such }}"
broken_fallback: "{{ broken | default('fallback') }}"
multi: |
  line one
  line {{ port }}
native_block: |
  {{ numbers }}
indirect: "{{ evil }}"
is_prod: "port == 80"
"""
VALUES = r"""
- "{{ port }}"
- "{{ port }} "
- "{{ port }}{{ port }}"
- "x{{ nothing }}y"
- "{{ nothing }}"
- "{{ nothing }}{{ nothing }}"
- "{{ yes_word }}"
- "{{ mode }}"
- "{{ ratio }} {{ true }} {{ none }}"
- "{{ numbers }} and {{ settings }}"
- "{{ words + numbers }}"
- "{{ url }}"
- "{{ multi }}"
- "{{ native_block }}"
- "{{ evil }}"
- "{{ indirect }}"
- "{{ nginx.listen }}"
- "{{ nginx.names }}"
- "{{ nginx.names + ['x'] }}"
- "{{ nginx['names'][0] }}"
- "{{ nginx.names | join(',') }}"
- "{{ nginx.get('port') }}"
- "{{ nginx.keys() | list }}"
- "{{ nginx.broken | default('d') }}"
- "{{ broken | default('d') }}"
- "{{ broken_fallback }}"
- "{{ no_such | default('d') }}"
- "{{ no_such.a.b | default('d') }}"
- "{{ settings.nope.deeper | default('d') }}"
- "{{ empty | default('d') }}"
- "{{ empty | default('d', true) }}"
- "{{ port if ansible_distribution == 'CentOS' else no_such }}"
- "{% if port == 80 %}yes{% endif %}"
- "{% if port == 81 %}yes{% endif %}"
- "{% if port == 80 %}{{ numbers }}{% endif %}"
- "{% for w in words %}{{ w }},{% endfor %}"
- "{% set x = 5 %}{{ x }}"
- "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(1) }}{{ m(2) }}"
- "{{ 'C:\\temp\\new' }}"
- "{{ 'a.b.c' | regex_replace('\\.', '-') }}"
- "{{ 'abc' | regex_replace('(b)', '<\\1>') }}"
- '{{ "abc" | regex_replace("(b)", "<\\1>") }}'
- "{{ 'foobar' | regex_search('o+') }}"
- "{{ 'foobar' | regex_search('z+') }}"
- "{{ 'foobar' | regex_search('f(o+)(b)', '\\1', '\\2') }}"
- "{{ 'foobar' | regex_search('(?P<x>o+)', '\\g<x>') }}"
- "{{ 'foobar' | regex_findall('o') }}"
- "{{ 'a.b*c' | regex_escape }}"
- "{{ 'a.b*c' | regex_escape('posix_basic') }}"
- "{{ 'yes' | bool }}{{ 'no' | bool }}{{ 1 | bool }}{{ 'On' | bool }}{{ 'TRUE' | bool }}"
- "{{ settings | to_json }}"
- "{{ settings | to_nice_json }}"
- "{{ nginx.names | to_json }}"
- "{{ 'ü' | to_json }}"
- "{{ settings | to_yaml }}"
- "{{ settings | to_nice_yaml }}"
- "{{ people | to_nice_yaml(indent=2) }}"
- "{{ name | to_yaml }}"
- "{{ port | to_yaml }}{{ 'a: b' | to_nice_yaml }}{{ 'l\nm' | to_nice_yaml }}"
- "{{ [words, words, 'x' * 200, 'y z ' * 50] | to_nice_yaml }}"
- "{{ ['ü', '☃', true, 1.5, none, '5', 'yes', '', ' x'] | to_yaml }}"
- "{{ [] | to_yaml }}{{ {} | to_nice_yaml }}"
- "{{ words | join(', ' if port == 80) }}"
- "{{ 'a' if false }}x"
- "{{ is_prod }}"
- "{{ words[1:] }}"
- "{{ nginx.names[:1] }}"
- "{{ settings | dict2items | map(attribute='key') | list }}"
- "{{ people | map('combine', {'z': 1}) | list }}"
- "{{ people | selectattr('name', 'in', ['ann']) | list }}"
- "{{ people | items2dict(key_name='name', value_name='age') }}"
- "{{ words | map('length') | sum }}"
- "{{ [[1, 'a'], [2, 'b']] | items | list if false else 1 }}"
- "{{ dict(words | zip(numbers)) }}"
- "{{ words | batch(2) | list }}"
- "{{ words is defined and words | length > 3 }}"
- "{{ '{{ port }}' }}"
- "{{ 'a\nb' | indent(2) }}"
- "{{ name | upper | replace('E', 'x') }}"
- "{{ 1000 | filesizeformat }}"
- "{{ 'a b' | urlencode }}"
- "{{ '{\"a\": [1, null]}' | from_json }}"
- "{{ 'a: [1, yes]' | from_yaml }}"
- "{{ settings | combine(more) }}"
- "{{ settings | combine(more, recursive=true) }}"
- "{{ settings | combine(more, recursive=true, list_merge='append') }}"
- "{{ settings | combine(more, recursive=true, list_merge='prepend_rp') }}"
- "{{ settings | combine(more, {'z': 1}) }}"
- "{{ [settings, more] | combine }}"
- "{{ settings | dict2items }}"
- "{{ settings | dict2items(key_name='k', value_name='v') }}"
- "{{ settings | dict2items | items2dict }}"
- "{{ nested | flatten }}"
- "{{ nested | flatten(levels=1) }}"
- "{{ nested | flatten(skip_nulls=false) }}"
- "{{ words | unique }}"
- "{{ words | union(['z']) | sort }}"
- "{{ words | intersect(['a', 'q']) | sort }}"
- "{{ words | difference(['a']) | sort }}"
- "{{ words | symmetric_difference(['a', 'q']) | sort }}"
- "{{ words | zip(numbers) | list }}"
- "{{ words | product(numbers) | list }}"
- "{{ people | map(attribute='name') | list }}"
- "{{ people | map(attribute='name') }}"
- "{{ people | selectattr('age', '>', 26) | map(attribute='name') | first }}"
- "{{ people | selectattr('tags', 'contains', 'y') | list | length }}"
- "{{ people | sort(attribute='age') | map(attribute='name') | join(' ') }}"
- "{{ people | rejectattr('nope', 'defined') | list | count }}"
- "{{ words | map('upper') | list }}"
- "{{ words | map('regex_replace', '^', 'x-') | list }}"
- "{{ words | select('match', 'a') | list }}"
- "{{ [0, 1] | map('extract', words) | list }}"
- "{{ ['b'] | map('extract', settings, 'c') | list }}"
- "{{ people | groupby('age') | map('first') | list }}"
- "{{ 'x' | b64encode }} {{ 'eA==' | b64decode }}"
- "{{ 'x' | hash }} {{ 'x' | hash('sha256') }} {{ 'x' | checksum }} {{ 'x' | md5 }} {{ 'x' | sha1 }}"
- "{{ '/etc/x.conf' | basename }} {{ '/etc/x.conf' | dirname }}"
- "{{ '/etc/x.conf' | splitext }}"
- "{{ ['/etc', 'x'] | path_join }}"
- '{{ "it''s a" | quote }} {{ "" | quote }}'
- "{{ true | ternary('a', 'b') }} {{ none | ternary('a', 'b', 'c') }} {{ none | ternary('a', 'b') }}"
- "{{ 'http://u:p@h.example:5000/p?q=1#f' | urlsplit }}"
- "{{ 'http://h:5000/p' | urlsplit('port') }}"
- "{{ 'a,b,c' | split(',') }} {{ 'a  b' | split }}"
- "{{ 'two\nlines' | comment }}"
- "{{ 'x' | comment('c') }}"
- "{{ 'x' | comment(decoration='; ') }}"
- "{{ port | mandatory }}"
- "{{ port | string }}"
- "{{ '5' | int }} {{ '5.5' | float }} {{ 7 // 2 }} {{ 2 ** 3 }}"
- "{{ '5' | int }}"
- "{{ [1, 2] | type_debug }} {{ port | type_debug }} {{ 'x' | type_debug }} {{ ratio | type_debug }}"
- "{{ lookup('env', 'NO_SUCH_VARIABLE_HERE') }}"
- "{{ query('env', 'NO_SUCH_VARIABLE_HERE', 'NOR_THIS') }}"
- "{{ lookup('vars', 'port') }}"
- "{{ lookup('vars', 'no_such', default=5) }}"
- "{{ range(3) | list }}"
- "{{ {'a': port, 'b': omit} }}"
- "{{ [1, omit, 2] }}"
- "{{ (1, 2) }}"
- "{{ name.split('.') }}"
- "{{ name.split('.')[0] ~ '-' ~ port }}"
- "{{ result.stdout_lines | length }}"
- "{{ 'a' in words }}"
- "{{ {'a': 1}.items() | list }}"
- "{{ words | random in words }}"
- "{# nothing #}"
- "{{ '%s-%03d' | format('x', 7) }}"
- "{{ settings.items() | map('first') | list }}"
- {a: "{{ port }}", "{{ name }}": ["{{ port }}", {b: "{{ omit }}"}], c: "{{ omit }}"}
- plain
- [1, two, null]
- "#jinja2: variable_start_string: '[[', variable_end_string: ']]'\n[[ port ]] {{ port }}"
- "#jinja2: trim_blocks: False\n{{ port }}"
- " #jinja2: nothing"
"""
CONDITIONS = r"""
- port == 80
- "port == 81"
- true
- false
- not (port == 80)
- no_such is defined
- no_such is not defined
- broken is defined
- nginx.broken is defined
- nginx.port is defined
- no_such.x is defined
- "{{ port == 80 }}"
- "{{ is_prod }}"
- yes_word | bool
- name is match('reg')
- name is search('EXAMPLE', ignorecase=true)
- name is regex('com$')
- version is version('1.9', '>')
- version is version('1.13.1', '==')
- version is version('1.13', 'ge', strict=true)
- "'20.10.5+dfsg1' is version('20.10', '>=')"
- "'1.10' is version('1.9', '<')"
- "'2.0a1' is version('2.0', '<', strict=true)"
- result is succeeded
- result is failed
- result is changed
- looped is changed
- looped is skipped
- result is not skipped
- words is contains('a')
- "[1, 2] is subset([1, 2, 3])"
- "[1, 2, 3] is superset([1])"
- "[true, false] is any"
- "[true, false] is all"
- empty is truthy
- "'no' is truthy(convert_bool=true)"
- empty is falsy
- nothing is none
- settings is mapping
- nginx is mapping
- nginx.names is sequence
- nginx.names is iterable
- words is not string
- port is number
- "'a' in words and port > 79"
- inventory_hostname is undefined
- ["port == 80", "result.rc == 0"]
- ["port == 81", "no_such"]
"""
FAILURES = r"""
- "{{ no_such }}"
- "{{ broken }}"
- "{{ nginx }}"
- "{{ settings.nope }}"
- "{{ 1 / 0 }}"
- "{{ port | no_such_filter }}"
- "{{ port is no_such_test }}"
- "{{ lookup('no_such_lookup') }}"
- "{{ port "
- "{{ no_such | mandatory }}"
- "{{ 'x' | from_json }}"
- "{{ [no_such] }}"
- "{{ lookup('file', 'no/such/file') }}"
"""
# No booleans: Ansible refuses them, unless it is told to take
# them by Python's truth, as is done here with a warning.
BROKEN_CONDITIONS = r"""
- ""
- " "
- null
- 5
- 0
- []
- [port == 81]
- port
- port - 80
- name
- empty
- "'no'"
- nothing
- words
- words[4:]
- settings
- is_prod
- evil
- name and words
- "{{ words }}"
- "{{ nothing }}"
- "{{ empty }}"
- "{{ port }}"
"""
BAD_CONDITIONS = r"""
- no_such
- port =
- "{{ evil }}"
- "version is version('1.x', '>')"
- "name is version('1.0', '>', strict=true)"
- "name is failed"
"""


def load(text: str) -> Any:
    return source.value(source.parse(text, "case.yml"))


def trusted(value: Any) -> Any:
    """The value as Ansible's loader gives it: strings from YAML are templates."""
    if isinstance(value, dict):
        return {str(key): trusted(child) for key, child in value.items()}
    if isinstance(value, list):
        return [trusted(child) for child in value]
    return trust_as_template(str(value)) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def ours() -> tuple[Templar, Variables]:
    templar = Templar()
    return templar, Variables(templar, [(load(VARS), False), (FACTS, True)])


@pytest.fixture(scope="module")
def oracle() -> AnsibleTemplar:
    return AnsibleTemplar(loader=DataLoader(), variables={**trusted(load(VARS)), **FACTS})


def plain(value: Any) -> Any:
    """The value without Ansible's and our own kinds of strings."""
    if isinstance(value, dict):
        return {plain(key): plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(child) for child in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    assert value is None or isinstance(value, datetime.date)
    return value


def typed(value: Any) -> Any:
    """The value with its types, so that 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return {key: typed(child) for key, child in value.items()}
    if isinstance(value, list):
        return [typed(child) for child in value]
    return type(value).__name__, value


@pytest.mark.parametrize("value", load(VALUES), ids=str)
def test_value(value: Any, ours: tuple[Templar, Variables], oracle: AnsibleTemplar) -> None:
    templar, variables = ours
    expected = plain(oracle.template(trusted(value)))
    assert typed(plain(templar.render(value, variables))) == typed(expected)


def test_a_whole_value_may_be_omitted(ours: tuple[Templar, Variables]) -> None:
    templar, variables = ours
    assert templar.render("{{ omit }}", variables) is OMIT


@pytest.mark.parametrize("condition", load(CONDITIONS), ids=str)
def test_condition(condition: Any, ours: tuple[Templar, Variables], oracle: AnsibleTemplar) -> None:
    templar, variables = ours
    parts = condition if isinstance(condition, list) else [condition]
    expected = all(oracle.evaluate_conditional(trusted(part)) for part in parts)
    assert all(templar.condition(part, variables) for part in parts) is expected


@pytest.mark.parametrize("condition", load(BROKEN_CONDITIONS), ids=str)
def test_condition_that_is_no_boolean(condition: Any, oracle: AnsibleTemplar, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnsibleError):
        oracle.evaluate_conditional(trusted(condition))
    monkeypatch.setattr(_TemplateConfig, "allow_broken_conditionals", True)
    templar, warnings = Templar(), list[str]()
    templar.warn = warnings.append
    templar.check_condition([condition])
    variables = Variables(templar, [(load(VARS), False), (FACTS, True)])
    expected = oracle.evaluate_conditional(trusted(condition))
    assert templar.condition(condition, variables) is expected
    assert templar.condition(condition, variables) is expected
    assert len(warnings) == 1
    assert f"counts as {str(expected).lower()}" in warnings[0]


@pytest.mark.parametrize("value", load(FAILURES), ids=str)
def test_failure(value: Any, ours: tuple[Templar, Variables], oracle: AnsibleTemplar) -> None:
    templar, variables = ours
    with pytest.raises(AnsibleError):
        oracle.template(trusted(value))
    with pytest.raises(TemplateError) as caught:
        templar.render(value, variables)
    assert caught.value.where is not None


@pytest.mark.parametrize("condition", load(BAD_CONDITIONS), ids=str)
def test_bad_condition(condition: Any, ours: tuple[Templar, Variables], oracle: AnsibleTemplar) -> None:
    templar, variables = ours
    with pytest.raises(AnsibleError):
        oracle.evaluate_conditional(trusted(condition))
    with pytest.raises(TemplateError):
        templar.condition(condition, variables)


FILES = {
    "blocks": "a\n{% for w in words %}\n  - {{ w }}\n{% endfor %}\nend\n",
    "no newline": "port {{ port }}",
    "newlines": "port {{ port }}\n\n\n",
    "only an expression": "{{ settings }}\n",
    "empty": "",
    "nothing": "{% if false %}x{% endif %}",
    "include": "{% include 'part.j2' %}after\n",
    "include in a loop": "{% for w in words %}\n{% include 'loop.j2' %}\n{% endfor %}\n",
    "import": "{% import 'macros.j2' as m %}{{ m.tag(port) }}\n",
    "import with context": "{% from 'macros.j2' import shown with context %}{{ shown() }}\n",
    "extends": "{% extends 'base.j2' %}{% block body %}body {{ port }}{{ super() }}{% endblock %}\n",
    "namespace": "{% set n = namespace(i=0) %}{% for w in words %}{% set n.i = n.i + 1 %}{% endfor %}{{ n.i }}\n",
    "backslashes": "{{ 'a\\tb' }} {{ 'abc' | regex_replace('(b)', '<\\\\1>') }}\n",
    "lines": "{% for k, v in settings | dictsort %}\n{{ k }}={{ v }}\n{% endfor %}\n",
    "indented": "server {\n    {% if port == 80 %}\n    listen {{ port }};\n    {% endif %}\n}\n",
    "raw": "{% raw %}{{ not_this }}{% endraw %}\n",
    "loop": "{% for w in words %}{{ loop.index }}{{ w }}{{ ', ' if not loop.last }}{% endfor %}\n",
    "none": "[{{ nothing }}]\n",
    "lazy": "{{ nginx.port }} {{ nginx.listen }}\n",
    "header": "#jinja2: lstrip_blocks: True\na\n    {% if port %}\n  b\n    {% endif %}\n\n",
    "headers": "#jinja2:trim_blocks:False , lstrip_blocks: True\n\n  {% if port %}\nb\n  {% endif %}\n",
    "header of delimiters": "#jinja2: variable_start_string: '[[', variable_end_string: ']]'\n[[ port ]] {{ port }}\n",
    "header of lines": "#jinja2: line_statement_prefix: '%', line_comment_prefix: '#'\n% if port\nx # y\n% endif\n",
    "header of newlines": "#jinja2: newline_sequence: '\\r\\n', keep_trailing_newline: True\na {{ port }}\nb\n\n",
    "header and nothing": "#jinja2: trim_blocks: True\n\n",
    "header over an include": "#jinja2: trim_blocks: False\n{% include 'loop.j2' %}\n{% include 'blocks.j2' %}\n",
    "no header": " #jinja2: trim_blocks: False\n{% if port %}\nx{% endif %}\n",
}
PARTS = {
    "part.j2": "part {{ port }}\n",
    "blocks.j2": "{% if port %}\n  yes\n{% endif %}\n",
    "loop.j2": "{{ w | default(0) }} of {{ words | length }}\n",
    "macros.j2": "{% macro tag(x) %}<{{ x }}>{% endmacro %}{% macro shown() %}{{ name }}{% endmacro %}",
    "base.j2": "top\n{% block body %}base{% endblock %}\nbottom\n",
}


@pytest.mark.parametrize("options", [{}, {"trim_blocks": False}, {"lstrip_blocks": True}], ids=str)
@pytest.mark.parametrize("name", FILES)
def test_file(
    name: str, options: dict[str, Any], tmp_path: Path, ours: tuple[Templar, Variables], oracle: AnsibleTemplar
) -> None:
    templar, variables = ours
    for part, text in {**PARTS, "main.j2": FILES[name]}.items():
        (tmp_path / part).write_text(text, encoding="utf-8")
    searching = oracle.copy_with_new_env(searchpath=[str(tmp_path)])
    expected = searching.template(trust_as_template(FILES[name]), escape_backslashes=False, overrides=options)
    made = templar.render_file(tmp_path / "main.j2", variables, (), options)
    assert made == ("" if expected is None else str(plain(expected)))


BAD_HEADERS = [
    "",
    " trim_blocks",
    " trim_blocks: yes",
    " trim_blocks: 'yes'",
    " trim_blocks: 1",
    " trim_blocks: True,",
    " trim_block: True",
    " newline_sequence: 'x'",
    " newline_sequence: ['x']",
    " block_start_string: '{{'",
    " comment_start_string: None",
    " line_comment_prefix: 5",
    " trim_blocks: True; lstrip_blocks: True",
    " extensions: []",
    " variable_start_string: '(((' * 3",
]


@pytest.mark.parametrize("settings", BAD_HEADERS)
@pytest.mark.parametrize("rest", ["\nx {{ port }}\n", ""])
def test_a_wrong_header(
    settings: str, rest: str, tmp_path: Path, ours: tuple[Templar, Variables], oracle: AnsibleTemplar
) -> None:
    templar, variables = ours
    text = f"#jinja2:{settings}{rest}"
    (tmp_path / "main.j2").write_text(text, encoding="utf-8")
    with pytest.raises(AnsibleError):
        oracle.template(trust_as_template(text))
    attempts = [
        lambda: templar.check_file(tmp_path / "main.j2"),
        lambda: templar.render_file(tmp_path / "main.j2", variables),
        lambda: templar.check(text, Where("play.yml", 3)),
        lambda: templar.render(text, variables),
    ]
    for attempt in attempts:
        with pytest.raises(TemplateError, match="#jinja2: ") as caught:
            attempt()
        if caught.value.where is not None and caught.value.where.path.endswith("main.j2"):
            assert caught.value.where.line == 1


def test_lines_are_counted_with_the_header(tmp_path: Path, ours: tuple[Templar, Variables]) -> None:
    templar, variables = ours
    path = tmp_path / "main.j2"
    for line, text in (("{{ no_such }}", "undefined"), ("{% if %}", "syntax"), ("{{ 1 / 0 }}", "ZeroDivision")):
        path.write_text(f"#jinja2: trim_blocks: True\nfine\n{line}\n", encoding="utf-8")
        with pytest.raises(TemplateError, match=text) as caught:
            templar.render_file(path, variables)
        assert caught.value.where is not None
        assert caught.value.where.line == 3
