"""The options of the tasks, and what is made of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from invoke import Collection

import tasks
from mooring.cli.extra_vars import parse_extra_vars
from mooring.cli.options import ACTING, OPTIONS, Request, ask_password, words
from mooring.cli.provision import options
from mooring.errors import MooringError


def flags(name: str) -> set[str]:
    collection: Collection = tasks.namespace
    return {spelling for argument in collection[name].get_arguments() for spelling in argument.names}


@pytest.mark.parametrize("name", ["provision-server", "provision-clients", "deprovision-clients", "play"])
def test_every_provisioning_task_takes_every_option(name: str) -> None:
    wanted = {option.replace("_", "-") for option in OPTIONS} | set("iltefCDvkKT")
    assert wanted <= flags(name)


def test_verify_takes_only_what_means_something_to_it() -> None:
    assert flags("verify") & {option.replace("_", "-") for option in ACTING} == set()
    assert {"junit", "limit", "json", "extra-vars"} <= flags("verify")


@pytest.mark.parametrize(
    ("words", "has"),
    [
        ("doctor", False),
        ("doctor web1", True),
        ("doctor --json", False),
        ("doctor --limit web1", False),
        ("doctor --limit=web1 web2", True),
        ("doctor -i hosts.yml -v web1", True),
        ("status", False),
    ],
)
def test_a_word_that_may_follow_or_be_left_out(words: str, has: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["invoke", *words.split()])
    collection: Collection = tasks.namespace
    by_name = {argument.name: argument for argument in collection["doctor"].get_arguments()}
    assert by_name["hosts"].positional is has
    assert {"hosts", "limit", "json", "i"} <= flags("doctor")


def test_every_option_has_its_help_and_a_letter_of_its_own() -> None:
    letters = [option.metadata["short"] for option in OPTIONS.values() if option.metadata["short"]]
    assert len(letters) == len(set(letters))
    assert all(option.metadata["help"] for option in OPTIONS.values())


def test_extra_vars_of_all_kinds(tmp_path: Path) -> None:
    file = tmp_path / "vars.yml"
    file.write_text("port: 81\nnames: [a]\n")
    words = ("a=1 b='two words'", '{"a": 2, "c": [3]}', f"@{file}")
    assert parse_extra_vars(words) == {"a": 2, "b": "two words", "c": [3], "port": 81, "names": ["a"]}


@pytest.mark.parametrize("text", ["a", "1a=2", "@/does/not/exist", "{a: [}", "a='open", "{null: 1}", "{1: 2}", "@/"])
def test_extra_vars_that_are_none(text: str) -> None:
    with pytest.raises(MooringError):
        parse_extra_vars((text,))


def test_no_question_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (None, open(os.devnull)):  # noqa: SIM115
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(MooringError, match="Password: there is no terminal to ask on"):
            ask_password("Password")


def test_no_password_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("mooring.cli.options.has_terminal", lambda: True)
    monkeypatch.setattr("getpass.getpass", end)
    with pytest.raises(MooringError, match="Password: none was given"):
        ask_password("Password")


def test_what_the_runner_gets() -> None:
    made = options(Request(tags="a, b", skip_tags="c", forks=3, limit="web"))
    assert (made.tags.only, made.tags.skip, made.forks, made.limit) == ({"a", "b"}, {"c"}, 3, "web")
    with pytest.raises(MooringError, match="--forks must be at least 1"):
        options(Request(forks=0))


def test_words() -> None:
    assert words(" a,,b ") == {"a", "b"}
    assert words("") == frozenset()
