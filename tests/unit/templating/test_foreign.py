"""A host's text stays known as one through whatever a template computes, and leads to
no file but its own."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import TemplateError
from mooring.source import Text
from mooring.templating.foreign import is_foreign, mark
from mooring.templating.foreign_kinds import Foreign, join
from mooring.templating.refusals import check_name, check_place
from mooring.templating.templar import Templar, is_template
from mooring.templating.variables import Variables

EVIL = "{{ lookup('file', '/etc/passwd') }}"
FACTS = {
    "os": "Debian",
    "up": "../../etc/shadow",
    "evil": EVIL,
    "lines": ["a/b", "c"],
    "pairs": {"k/1": "v"},
    "n": 7,
    "dots": "..",
}


def render(template: str, **own: Any) -> Any:
    templar = Templar()
    return templar.render(template, Variables(templar, [(own, False), (mark(FACTS), True)]))


@pytest.mark.parametrize(
    "template",
    [
        "{{ os }}",
        "{{ os }}.yml",
        "{{ 'vars/' ~ os ~ '.yml' }}",
        "{{ 'vars/' + os }}",
        "{{ os + '.yml' }}",
        "{{ '%s.yml' % os }}",
        "{{ '%s/%s' % (os, n) }}",
        "{{ '{}.yml'.format(os) }}",
        "{{ os.lower() }}",
        "{{ os[1:] }}",
        "{{ os[0] }}",
        "{{ os * 2 }}",
        "{{ '-'.join([os, 'x']) }}",
        "{{ 'a b'.replace('b', os) }}",
        "{{ os | lower }}",
        "{{ os | default('x') }}",
        "{{ os | regex_replace('^', '/') }}",
        "{{ up | basename }}",
        "{{ lines | join(',') }}",
        "{{ lines | first }}",
        "{{ lines | map('upper') | list | last }}",
        "{{ lines | map('regex_replace', 'a', 'b') | list }}",
        "{{ lines | sort }}",
        "{{ pairs | dict2items | map(attribute='key') | first }}",
        "{{ (pairs.keys() | list)[0] }}",
        "{{ pairs.items() | list }}",
        "{{ {'a': os} }}",
        "{{ {'a': 1} | combine({'b': os}) }}",
        "{{ pairs | to_json }}",
        "{{ pairs | to_json | from_json }}",
        "{{ pairs | to_nice_yaml }}",
        "{{ os | b64encode | b64decode }}",
        "{{ os | string }}",
        "{{ (os ~ ' x').split(' ') }}",
        "{{ lookup('vars', 'o' ~ 's') }}",
        "{{ q('vars', 'os') }}",
        "{% set x = os %}{{ x }}",
        "{% set x %}<{{ os }}>{% endset %}{{ x }}",
        "{% for c in os %}{{ c }}{% endfor %}",
        "{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(os) }}",
        "{% filter upper %}{{ os }}{% endfilter %}",
        "{{ own }}",
        "{{ nested.path }}",
        "{{ os if n == 7 else 'x' }}",
        "{{ true | ternary(os, 'x') }}",
        "{{ lines | map('trim') | join }}",
        "{{ lines | map('trim') | first }}",
        "{{ lines | reverse | join('/') }}",
        "{{ lines | unique | join('/') }}",
        "{{ lines | select('string') | join('/') }}",
        "{{ lines | batch(1) | map('first') | join }}",
        "{{ '/'.join(lines | map('trim')) }}",
        "{{ '%s' % (lines | map('trim')) }}",
        "{{ pairs.keys() | join }}",
        "{{ ','.join(pairs) }}",
        "{{ ','.join(pairs.values()) }}",
        "{{ pairs | items | map('first') | join }}",
        "{{ pairs | dictsort | map('last') | join }}",
        "{{ lines ~ '' }}",
        "{{ lines | string }}",
        "{{ [os] | string }}",
        "{{ pairs }}-",
        "{{ (os | attr('upper'))() }}",
        "{{ ('a/' | e) + os }}",
        "{{ ('a/' | safe) + os }}",
        "{{ os + ('/a' | safe) }}",
        "{{ namespace(x=os) ~ '' }}",
        "{{ [namespace(x=os)] | string }}",
        "{{ '%s' % namespace(x=os) }}",
        "{{ '{0.x}'.format(namespace(x=os)) }}",
        "{% autoescape true %}{% set x %}{{ os }}{% endset %}{{ x }}{% endautoescape %}",
        "{% autoescape true %}{% macro m() %}{{ os }}{% endmacro %}{{ m() }}{% endautoescape %}",
        "{% autoescape true %}{% filter upper %}{{ os }}{% endfilter %}{% endautoescape %}",
        "{% autoescape true %}{% for x in [os] recursive %}{{ x }}{{ loop([]) }}{% endfor %}{% endautoescape %}",
        "{% block b %}{% endblock %}{% autoescape true %}{{ self.b() ~ os }}{% endautoescape %}",
    ],
)
def test_what_is_computed_from_a_hosts_text_is_one(template: str) -> None:
    own = {"own": "tasks/{{ os }}.yml", "nested": {"path": "{{ os | lower }}"}}
    assert is_foreign(render(template, **own))


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'redhat' if os == 'RedHat' else 'debian' }}",
        "{{ own }}",
        "{{ own | upper }}",
        "{{ {'a': own} | combine({'b': os}) | dict2items | map(attribute='value') | first }}",
        "{{ own | length }}",
        "{{ os == 'Debian' }}",
        "{{ own.split('/')[0] ~ '.yml' }}",
        "{{ (own | e) + '.yml' }}",
        "{{ ([own] + lines) | first }}",
        "{{ day ~ '.yml' }}",
        "{% autoescape true %}{{ own }}{% set x %}{{ own }}{% endset %}{{ x }}{% endautoescape %}",
    ],
)
def test_what_only_depends_on_it_is_the_operators(template: str) -> None:
    assert not is_foreign(render(template, own="a/b", day=datetime.date(2024, 5, 1)))


def test_a_hosts_text_does_not_hide_as_bytes() -> None:
    with pytest.raises(TemplateError, match="does not become bytes"):
        render("{{ os.encode().decode() }}")


@pytest.mark.parametrize("name", sorted(Templar()._values.filters))
@pytest.mark.parametrize("form", ["EVIL", "[EVIL]", "{EVIL: EVIL}", "([EVIL] | map('trim'))", "{EVIL: 1}.keys()"])
def test_no_filter_loses_the_mark(name: str, form: str) -> None:
    """Every filter that takes the value at all: what holds the host's words in its result is known
    as a host's."""
    word = "zqxj"
    templar = Templar()
    variables = Variables(templar, [(mark({"EVIL": word}), True)])
    for template in (f"{{{{ {form} | {name} }}}}", f"{{{{ {form} | {name} | list }}}}"):
        try:
            value = templar.render(template, variables)
        except TemplateError:
            continue
        if word in str(value).lower() or word[::-1] in str(value).lower():
            assert is_foreign(value), (template, value)


def test_yaml_of_a_host_can_be_read() -> None:
    assert render("{{ ('a: ' ~ os) | from_yaml }}") == {"a": "Debian"}


def test_a_hosts_text_is_no_template_whatever_stands_between() -> None:
    for template in ("{{ evil }}", "{{ evil | string }}", "{{ own }}", "{{ evil.strip() }}", "{{ [evil] | first }}"):
        value = render(template, own="{{ evil }}")
        assert value == EVIL
        assert not is_template(value)
        assert render("{{ v }}", v=value) == EVIL


def test_a_hosts_text_is_no_condition() -> None:
    templar = Templar()
    variables = Variables(templar, [(mark({"said": "true"}), True)])
    for condition in (Foreign("true"), [Foreign("true")], join(["n or ", Foreign("true")])):
        with pytest.raises(TemplateError, match="text that a host sent"):
            templar.condition(condition, variables)
    with pytest.raises(TemplateError, match="not a boolean"):
        templar.condition(Text("{{ said }}"), variables)


@pytest.mark.parametrize(
    "template",
    [
        "{{ os }}.yml",
        "{{ [os, 'yml'] | join('.') }}",
        "{{ ['vars', os] | join('/') }}",
        "{{ (os ~ '.yml') | lower }}",
        "{{ (os ~ '.yml').upper() }}",
        "{{ (' ' ~ os ~ '.yml ') | trim }}",
        "{{ ('x/' ~ os ~ '.yml') | basename }}",
        "{{ ('x/' ~ os ~ '.yml')[1:] }}",
        "{{ '%s.yml' % os }}",
        "{{ '%s-%s.yml' % (os, n) }}",
        "{{ '100%%-%s' % os }}",
        "{{ '%s.yml' | format(os) }}",
        "{{ '{}.yml'.format(os) }}",
        "{{ '{0}-{x}.yml'.format(n, x=os) }}",
        "{{ '/'.join(['tasks', os ~ '.yml']) }}",
        "{{ ['tasks', os ~ '.yml'] | join('/') }}",
    ],
)
def test_a_name_that_is_joined_knows_its_parts(template: str) -> None:
    name = render(template)
    assert isinstance(name, Foreign)
    assert name.is_part


@pytest.mark.parametrize(
    "template",
    [
        "{{ ('x/' ~ os) | basename }}",
        "{{ '%s/%s' % (os, up) }}",
        "{{ '%s.yml' % up }}",
        "{{ '%s.yml' | format(up) }}",
        "{{ '{}.yml'.format(up) }}",
        "{{ '/'.join(['tasks', up]) }}",
        "{{ ('a' ~ dots ~ '/b')[1:] }}",
        "{{ ('a.' ~ dots ~ 'x/b')[2:4] ~ '/b' }}",
        "{{ (up ~ '.yml') | lower }}",
        "{{ (os ~ '.yml') | regex_replace('D', '/') }}",
        "{{ (os ~ '.yml').replace('D', '/') }}",
        "{{ '%c%c/x' % (46, 46) }}",
        "{{ 'a%cb' % (n + 40) }}",
        "{{ 'a%cb' | format(n + 40) }}",
        "{{ 'a{:c}b'.format(n + 40) }}",
        "{{ 'a{:{}}b'.format(n + 40, 'c') }}",
        "{{ 'a%(x)cb' % {'x': n + 40} }}",
    ],
)
def test_a_host_gets_no_more_than_a_part_of_a_name(template: str) -> None:
    with pytest.raises(TemplateError, match="text that a host sent"):
        check_name(render(template), None)


@pytest.mark.parametrize("word", ["include", "import", "extends"])
def test_a_host_alone_names_no_template_to_include(tmp_path: Path, word: str) -> None:
    (tmp_path / "inventory.yml").write_text("secret")
    tail = " as x" if word == "import" else ""
    (tmp_path / "t.j2").write_text(f"{{% {word} said{tail} %}}")
    templar = Templar()
    variables = Variables(templar, [(mark({"said": "inventory.yml"}), True)])
    with pytest.raises(TemplateError, match="named by a host's text alone"):
        templar.render_file(tmp_path / "t.j2", variables)


@pytest.mark.parametrize("names", ["said", "lines | map('trim')", "choices"])
def test_nor_one_of_several(tmp_path: Path, names: str) -> None:
    (tmp_path / "inventory.yml").write_text("secret")
    (tmp_path / "t.j2").write_text(f"{{% include {names} %}}")
    templar = Templar()
    facts = mark({"said": ["inventory.yml"], "lines": ["inventory.yml"]})
    own = {"choices": [Text("{{ lines[0] }}"), Text("other.j2")]}
    with pytest.raises(TemplateError, match="named by a host's text alone"):
        templar.render_file(tmp_path / "t.j2", Variables(templar, [(own, False), (facts, True)]))


@pytest.mark.parametrize(
    "template",
    ["{{ lookup('env', os) }}", "{{ lookup('vars', os) }}", "{{ lookup('file', os) }}", "{{ lookup('file', up) }}"],
)
def test_a_host_alone_names_nothing_to_look_up(template: str) -> None:
    with pytest.raises(TemplateError, match="host"):
        render(template)


@pytest.mark.parametrize(
    ("parts", "is_part"),
    [
        ([Foreign("Debian"), ".yml"], True),
        (["vars/", Foreign("Debian"), "-", Foreign("12"), ".yml"], True),
        ([join(["a/", Foreign("b")]), ".yml"], True),
        ([Foreign("Debian")], False),
        ([Foreign("Debian"), Foreign("12")], False),
        ([Foreign("a/b"), ".yml"], False),
        ([Foreign(".."), "/x"], False),
        (["x/", Foreign(".")], False),
        ([Foreign(""), ".yml"], False),
        ([Foreign("a\0b"), ".yml"], False),
        ([Foreign("a\n"), ".yml"], False),
        ([Foreign("ä"), ".yml"], False),
        ([Foreign("~root"), "/x"], False),
    ],
)
def test_a_part_of_one_name_and_no_more(parts: list[str], is_part: bool) -> None:
    name = join(parts)
    assert isinstance(name, Foreign)
    assert name.is_part is is_part
    if is_part:
        check_name(name, None)
    else:
        with pytest.raises(TemplateError, match="text that a host sent"):
            check_name(name, None)


def test_the_file_lies_in_the_folders_links_resolved(tmp_path: Path) -> None:
    role, outside = tmp_path / "role", tmp_path / "outside"
    for folder in (role / "vars", outside):
        folder.mkdir(parents=True)
    (outside / "Debian.yml").write_text("a: 1")
    (role / "vars" / "Debian.yml").symlink_to(outside / "Debian.yml")
    (role / "vars" / "RedHat.yml").write_text("a: 1")
    (role / "vars" / "Suse.yml").symlink_to(role / "vars" / "RedHat.yml")
    (role / "vars" / "web1.key").write_text("-----BEGIN PRIVATE KEY-----\n")
    for stem, words in {"RedHat.yml": "", "Suse.yml": "", "Debian.yml": "leads out", "web1.key": "private key"}.items():
        name = join([Foreign(stem.split(".")[0]), "." + stem.split(".")[1]])
        path = role / "vars" / name
        if words:
            with pytest.raises(TemplateError, match=words):
                check_place(name, path, [role], None)
        else:
            check_place(name, path, [role], None)
