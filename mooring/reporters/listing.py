"""--list-hosts and --list-tasks: what a playbook would touch and do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from mooring.playbook import Playbook
    from mooring.runner import Runner


def write_hosts(playbook: Playbook, runner: Runner, stream: TextIO) -> None:
    """The hosts of each play, within --limit."""
    for number, play in enumerate(playbook.plays, 1):
        hosts = runner.hosts(play)
        print(f"play #{number} ({play.hosts}): {play.name}", file=stream)
        print(f"  hosts ({len(hosts)}):", file=stream)
        for host in hosts:
            print(f"    {host.name}", file=stream)


def write_tasks(playbook: Playbook, runner: Runner, stream: TextIO) -> None:
    """The tasks of each play that --tags choose, with their tags and places."""
    for number, play in enumerate(playbook.plays, 1):
        print(f"play #{number} ({play.hosts}): {play.name}", file=stream)
        for task in play.tasks():
            if runner.options.tags.selects(task.keywords.tags):
                tags = f"  [{', '.join(sorted(task.keywords.tags))}]" if task.keywords.tags else ""
                print(f"    {task.title}{tags}  ({task.where.path}:{task.where.line})", file=stream)
