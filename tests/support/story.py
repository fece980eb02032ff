"""A play on this machine, over the real agent, and what came of it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from mooring.inventory.inventory import Inventory
from mooring.playbook.playbook import Playbook
from mooring.results import Event, ItemFinished, Outcome, TaskFinished
from mooring.run.action_files import check_action
from mooring.run.options import Options
from mooring.run.runner import Runner
from mooring.transport.connection.settings import RunOptions

INVENTORY = """\
all:
  vars: {ansible_connection: local}
  hosts:
    a: {n: 1}
    b: {n: 2}
    c: {n: 3}
"""


class Story:
    """One run and what came of it."""

    def __init__(self, folder: Path, play: str, **options: object) -> None:
        (folder / "inventory.yml").write_text(INVENTORY)
        (folder / "p.yml").write_text(play)
        self.events: list[Event] = []
        inventory = Inventory.load(str(folder / "inventory.yml"), folder)
        runner = Runner(inventory, Options(**options), RunOptions(), self.events.append)
        self.status = runner.run(Playbook.load(folder / "p.yml", check_action))
        self.recap = runner.recap.counts

    def outcomes(self, host: str = "a") -> list[tuple[str, Outcome]]:
        return [
            (event.result.task, event.result.outcome)
            for event in self.events
            if isinstance(event, TaskFinished) and event.result.host == host
        ]

    def messages(self, host: str = "a") -> list[str]:
        kinds = (TaskFinished, ItemFinished)
        return [e.result.message for e in self.events if isinstance(e, kinds) and e.result.host == host]


def play(tasks: str, hosts: str = "a", head: str = "") -> str:
    text = f"- hosts: {hosts}\n  gather_facts: false\n" + indent(dedent(head), "  ")
    return text + "  tasks:\n" + indent(dedent(tasks), "    ")
