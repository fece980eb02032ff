"""Arguments against ARGS."""

from __future__ import annotations

import pytest

from mooring.errors import ArgumentError, Where
from mooring.playbook import arguments
from mooring.playbook.arguments import Signature

PLACE = Where("p.yml", 3, 5)
FILE = Signature(
    "file",
    {
        "path": {"type": "path", "required": True, "aliases": ["dest", "name"]},
        "state": {"choices": ["file", "directory", "no"], "default": "file"},
        "mode": {"type": "raw"},
        "recurse": {"type": "bool", "default": False},
        "size": {"type": "int"},
        "names": {"type": "list", "elements": "str"},
        "mounts": {"type": "list", "elements": "dict", "options": {"to": {"required": True}, "port": {"type": "int"}}},
        "src": {},
        "content": {},
    },
    {
        "mutually_exclusive": [["src", "content"]],
        "required_if": [["state", "directory", ["mode"]]],
    },
)


def test_every_argument_is_there_with_its_type() -> None:
    args = {"dest": "/x", "recurse": "yes", "size": "3", "names": "a, b", "mode": 0o644, "mounts": [{"to": 1}]}
    assert arguments.normalize(FILE, args, PLACE) == {
        "path": "/x", "state": "file", "mode": 0o644, "recurse": True, "size": 3, "names": ["a", "b"],
        "mounts": [{"to": "1", "port": None}], "src": None, "content": None,
    }  # fmt: skip


def test_an_unquoted_no_is_the_word_where_the_word_is_a_choice() -> None:
    assert arguments.normalize(FILE, {"path": "/x", "state": False}, PLACE)["state"] == "no"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"pth": "/x"}, 'file has no argument "pth" (did you mean "path"?)'),
        ({"path": "/x", "dest": "/y"}, '"path" is given twice, also as "dest"'),
        ({}, '"path" is missing'),
        ({"path": "/x", "state": "directry", "mode": 1}, 'state cannot be "directry" (did you mean "directory"?)'),
        ({"path": "/x", "recurse": "perhaps"}, 'recurse must be yes or no, not "perhaps"'),
        ({"path": "/x", "size": "many"}, 'size must be a whole number, not "many"'),
        ({"path": "/x", "size": True}, 'size must be a whole number, not "True"'),
        ({"path": "/x", "src": "a", "content": "b"}, "src and content exclude each other"),
        ({"path": "/x", "state": "directory"}, "state: directory needs mode"),
        ({"path": "/x", "mounts": [{"port": 1}]}, 'file: mounts: "to" is missing'),
        ({"path": "/x", "mounts": [{"to": 1, "prot": 1}]}, 'mounts has no argument "prot" (did you mean "port"?)'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(args: dict, message: str) -> None:
    for judge in (lambda: arguments.normalize(FILE, args, PLACE), lambda: arguments.check(FILE, args, {}, PLACE)):
        with pytest.raises(ArgumentError) as error:
            judge()
        assert message in str(error.value)
        assert str(error.value).startswith("p.yml:3:5: ")


def test_templates_are_not_judged_before_they_are_rendered() -> None:
    arguments.check(FILE, {"path": "/x", "size": "{{ size }}", "state": "{{ s }}"}, {}, PLACE)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("ansible.builtin.copy", "copy"),
        ("community.docker.docker_image", "docker_image"),
        ("ansible.builtin.docker_image", "ansible.builtin.docker_image"),
        ("community.docker.copy", "community.docker.copy"),
        ("community.general.ini_file", "community.general.ini_file"),
    ],
)
def test_names_belong_to_their_collection(name: str, short: str) -> None:
    assert arguments.short_name(name) == short


def test_an_unknown_module_is_refused() -> None:
    with pytest.raises(
        ArgumentError, match=r'unknown module "ansible\.builtin\.coppy" \(did you mean "ansible\.builtin\.copy"\?\)'
    ):
        arguments.find("ansible.builtin.coppy", PLACE)
