"""The usual mistakes in YAML are told with what to do, and files of ansible-vault as what they
are."""

from __future__ import annotations

import pytest
from jinja2 import TemplateSyntaxError

from mooring import source
from mooring.errors import SourceError
from mooring.templating.jinja.mistakes import explain

VAULT = "$ANSIBLE_VAULT;1.1;AES256\n6162\n6364\n"


def refusal(text: str) -> str:
    with pytest.raises(SourceError) as caught:
        source.value(source.parse(text, "f.yml"))
    return str(caught.value).splitlines()[0]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("- name: fix: this\n", 'f.yml:1:12: a value with ": " in it is taken for another key (quote it: name: "fix'),
        ("when: x == 'a': b\n", """(quote it: when: "x == 'a': b")"""),
        ('msg: say "a": b\n', "is taken for another key (quote it)"),
        (f"msg: {'long ' * 20}: b\n", "is taken for another key (quote it)"),
        ("a:\n\tb: 1\n", "a tab cannot indent YAML (use spaces)"),
        ("name: {{ x }}\n", "a value that begins with {{ needs quotes"),
        (VAULT, "f.yml:1:1: the file is encrypted with ansible-vault, which is not supported (decrypt it"),
    ],
)  # fmt: skip
def test_a_usual_mistake_has_its_remedy(text: str, remedy: str) -> None:
    assert remedy in refusal(text)


@pytest.mark.parametrize("text", ["a:\n  b: 1\n c: 2\n", "a: [1, 2\nb: 3\n"])
def test_another_mistake_keeps_the_parsers_words(text: str) -> None:
    assert "quote" not in refusal(text)


@pytest.mark.parametrize("ending", ["statement block", "print statement"])
def test_a_single_equal_sign_in_a_template(ending: str) -> None:
    error = TemplateSyntaxError(f"expected token 'end of {ending}', got '='", 1)
    assert 'did you mean "=="?' in str(explain(error, None, {}))
