"""What a playbook would touch and do, for --list-hosts and --list-tasks; and answers about the
command line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TextIO

from mooring.records.listing import ListedPlay
from mooring.reporters.screen import Screen

# Of a column of text.
NARROWEST = 20


def write_lines(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Lines of ours."""
    screen = Screen(stream)
    for line in lines:
        screen.write_pieces(line)


def write_hosts(plays: Sequence[ListedPlay], stream: TextIO | None = None) -> None:
    """The hosts of each play."""
    screen = Screen(stream)
    for number, play in enumerate(plays, 1):
        screen.write_pieces(f"play #{number} ({play.pattern}): {play.name}")
        screen.write_pieces(f"  hosts ({len(play.hosts)}):")
        screen.write_lines(f"    {host}" for host in play.hosts)


def write_tasks(plays: Sequence[ListedPlay], stream: TextIO | None = None) -> None:
    """The tasks of each play, with their tags and places."""
    screen = Screen(stream)
    for number, play in enumerate(plays, 1):
        screen.write_pieces(f"play #{number} ({play.pattern}): {play.name}")
        for task in play.tasks:
            tags = f"  [{', '.join(task.tags)}]" if task.tags else ""
            screen.write_pieces(f"    {task.title}{tags}  ({task.where.path}:{task.where.line})")


def write_columns(rows: Sequence[tuple[str, str | None]], stream: TextIO | None = None) -> None:
    """Names and what each is, in two columns; on a terminal the second one is wrapped."""
    screen, width = Screen(stream), max((len(name) for name, _ in rows), default=0)
    room = max(NARROWEST, screen.terminal.width - width - 4)
    for name, text in rows:
        first, *rest = textwrap.wrap(text or "", room) or [""]
        screen.write_pieces(f"  {name:<{width}}  {first}".rstrip())
        screen.write_lines(f"  {'':<{width}}  {line}" for line in rest)


def write_line(text: str = "", stream: TextIO | None = None) -> None:
    """One line of ours."""
    Screen(stream).write_pieces(text)


def write_text(text: str, stream: TextIO | None = None) -> None:
    """Lines for a program to read; nothing where there is no text."""
    Screen(stream).write_lines(text.splitlines())
