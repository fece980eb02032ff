"""A reporter that fails does not end a run: every host is worked on to its end, and the
trouble is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.errors import MooringError
from mooring.inventory.inventory import Inventory
from mooring.playbook.playbook import Playbook
from mooring.results import Event, RunFinished, TaskFinished, Warned
from mooring.run.action_files import check_action
from mooring.run.options import Options
from mooring.run.runner import Runner
from mooring.transport.connection.settings import RunOptions
from tests.support.story import INVENTORY, play

TASKS = "- command: echo one\n- command: echo two\n"


def run(folder: Path, report: object) -> int:
    (folder / "inventory.yml").write_text(INVENTORY)
    (folder / "p.yml").write_text(
        play(f"- file: {{path: '{folder}/{{{{ inventory_hostname }}}}', state: touch}}", "all")
    )
    inventory = Inventory.load(str(folder / "inventory.yml"), folder)
    return Runner(inventory, Options(), RunOptions(), report).run(Playbook.load(folder / "p.yml", check_action))  # type: ignore[arg-type]


def is_done(folder: Path) -> bool:
    return all((folder / name).exists() for name in "abc")


def test_an_event_that_cannot_be_drawn(tmp_path: Path) -> None:
    seen: list[Event] = []

    def report(event: Event) -> None:
        if isinstance(event, TaskFinished):
            raise TypeError("'int' object is not a mapping")
        seen.append(event)

    assert run(tmp_path, report) == 0
    assert is_done(tmp_path)
    warnings = [event.message for event in seen if isinstance(event, Warned)]
    assert warnings == ["the display failed (TypeError: 'int' object is not a mapping); the run goes on"]
    assert isinstance(seen[-1], RunFinished)


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "No space left on device")])
def test_an_output_that_is_gone(tmp_path: Path, error: OSError) -> None:
    def report(event: Event) -> None:
        raise error

    with pytest.raises((BrokenPipeError, MooringError)) as caught:
        run(tmp_path, report)
    assert is_done(tmp_path)
    assert isinstance(caught.value, BrokenPipeError) or "No space left on device" in str(caught.value)
