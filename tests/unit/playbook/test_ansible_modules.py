"""Modules that Ansible has and we have not are named so, all of them; no other module
is offered for them."""

from __future__ import annotations

import pytest

from docs.generate_ansible_modules import TARGET, collect, render
from mooring.errors import ArgumentError
from mooring.playbook import ansible_modules, arguments


def test_the_list_is_not_stale() -> None:
    assert TARGET.read_text(encoding="utf-8") == render(), "run: .venv/bin/python -m docs.generate_ansible_modules"


def test_no_module_of_ansible_is_taken_for_a_typo() -> None:
    known = arguments.known_names()
    ours = ("ansible.builtin", "community.docker")
    names = [
        name for collection, words in collect().items() for word in words for name in (word, f"{collection}.{word}")
    ]
    missing = [
        name for name in names if name.rpartition(".")[0] not in (*ours, "") or arguments.short_name(name) not in known
    ]
    assert len(missing) > 3000
    for name in missing:
        if arguments.short_name(name) not in known:
            message, hint = ansible_modules.explain(name, known, ("when", "name"))
            assert message == f'Ansible\'s module "{name}" is not supported'
            assert "did you mean" not in hint


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ufw", 'Ansible\'s module "ufw" is not supported (docs/modules.md lists the modules)'),
        ("fetch", 'Ansible\'s module "fetch" is not supported (docs/modules.md lists the modules)'),
        (
            "community.general.whatever",
            'Ansible\'s module "community.general.whatever" is not supported (docs/modules.md',
        ),
        ("ansible.legacy.script", 'Ansible\'s module "ansible.legacy.script" is not supported'),
        ("community.docker.docker_compose_v2", "is not supported"),
        ("copi", 'unknown module "copi" (did you mean "copy"?)'),
        ("ansible.builtin.copi", 'unknown module "ansible.builtin.copi" (did you mean "ansible.builtin.copy"?)'),
        ("ansible.bultin.copy", '(did you mean "ansible.builtin.copy"?)'),
        ("community.docker.docker_contaner", '(did you mean "community.docker.docker_container"?)'),
        ("acme.tools.copi", 'unknown module "acme.tools.copi" (docs/modules.md lists the modules)'),
        ("zzzz", 'unknown module "zzzz"'),
    ],
)
def test_a_name_that_is_no_module_of_ours(name: str, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        arguments.find(name, None)
    assert message in str(error.value)
