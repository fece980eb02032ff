"""What a playbook would touch and do, as --list-hosts and --list-tasks show it."""

from __future__ import annotations

from dataclasses import dataclass

from mooring.errors import Where


@dataclass(frozen=True)
class ListedTask:
    """A task's title, tags and place."""

    title: str
    tags: tuple[str, ...]
    where: Where


@dataclass(frozen=True)
class ListedPlay:
    """A play: its pattern and name, the hosts that it means within --limit, the tasks
    that --tags choose."""

    pattern: str
    name: str
    hosts: tuple[str, ...] = ()
    tasks: tuple[ListedTask, ...] = ()
