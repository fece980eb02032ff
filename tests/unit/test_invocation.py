"""How remedies name the command: as the operator called it."""

from __future__ import annotations

import os
import sys

import pytest

from mooring.invocation import LAUNCHED, command
from tests.support.bare_machine import Machine, machine

__all__ = ["machine"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("./invoke", "./invoke"),
        ("../mooring/invoke", "../mooring/invoke"),
        ("invoke", "./invoke"),  # `sh invoke` beside it
        ("/a b/invoke", "'/a b/invoke'"),
    ],
)
def test_called_by_the_launcher(path: str, words: str) -> None:
    assert command({LAUNCHED: f"{os.getpid()} {path}"}, "/x/python") == words


@pytest.mark.parametrize("value", ["", "./invoke", f"{os.getppid()} ./invoke"])
def test_called_otherwise_or_by_a_process_that_the_launcher_began(value: str) -> None:
    assert command({LAUNCHED: value}, "/x/invoke/__main__.py") == "invoke"
    assert command({LAUNCHED: value}, "/x/bin/mooring") == "mooring"


def test_the_launcher_says_how_and_from_where_it_was_called(machine: Machine) -> None:
    machine.make_venv()
    program = "import os; print(os.getpid(), os.environ['MOORING_LAUNCHED'], os.environ['MOORING_CALLED_FROM'])"
    machine.put("python", f'#!/bin/sh\ncase $1 in -m) exec {sys.executable} -c "{program}" ;; esac\n'
                f'exec {sys.executable} "$@"\n', machine.checkout / ".venv" / "bin")  # fmt: skip
    process, launched, *rest = machine.run("status").stdout.split(" ", 2)
    assert process == launched
    assert rest == [f"{machine.checkout}/invoke /\n"]
