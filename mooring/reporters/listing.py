"""--list-hosts and --list-tasks: what a playbook would touch and do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from mooring.reporters.screen import Screen

if TYPE_CHECKING:
    from mooring.playbook.playbook import Playbook
    from mooring.run.runner import Runner


def write_hosts(playbook: Playbook, runner: Runner, stream: TextIO | None = None) -> None:
    """The hosts of each play, within --limit."""
    screen = Screen(stream)
    for number, play in enumerate(playbook.plays, 1):
        hosts = runner.hosts(play)
        screen.write_pieces(f"play #{number} ({play.hosts}): {play.name}")
        screen.write_pieces(f"  hosts ({len(hosts)}):")
        screen.write_lines(f"    {host.name}" for host in hosts)


def write_tasks(playbook: Playbook, runner: Runner, stream: TextIO | None = None) -> None:
    """The tasks of each play that --tags choose, with their tags and places."""
    screen = Screen(stream)
    for number, play in enumerate(playbook.plays, 1):
        screen.write_pieces(f"play #{number} ({play.hosts}): {play.name}")
        for task in play.tasks():
            if runner.options.tags.selects(task.keywords.tags):
                tags = f"  [{', '.join(sorted(task.keywords.tags))}]" if task.keywords.tags else ""
                screen.write_pieces(f"    {task.title}{tags}  ({task.where.path}:{task.where.line})")
