"""The handlers of a play, and which of them a notification means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mooring.errors import PlaybookError, TemplateError, Where
from mooring.playbook.tasks import Task
from mooring.source import did_you_mean
from mooring.templating.templar import Templar, is_template


class Handlers:
    """Handlers in the order in which they run; their positions stand for them.

    `groups` are the handlers of each role, then those of the play. As in Ansible, of handlers with
    the same name the later group's is meant, and a topic means every listener, but of those with
    the same name again only one.
    """

    def __init__(self, groups: Sequence[Sequence[Task]], templar: Templar) -> None:
        self.tasks = [task for group in groups for task in group]
        self._templar = templar
        starts = [sum(map(len, groups[:number])) for number in range(len(groups))]
        self._search = [
            start + at for start, group in reversed([*zip(starts, groups, strict=True)]) for at in range(len(group))
        ]

    def find(self, notification: str, variables: Mapping[str, Any]) -> list[int]:
        """The positions of the handlers that are meant, [] when there is none."""
        positions = [at for at in self._search if notification in self._titles(self.tasks[at], variables)][:1]
        seen = set()
        for at in self._search:
            task = self.tasks[at]
            if notification in task.listen and task.name not in seen:
                seen.add(task.name)
                positions.append(at)
        return positions

    def require(self, notification: str, variables: Mapping[str, Any], where: Where | None) -> list[int]:
        """The same, but PlaybookError where a notification means no handler."""
        positions = self.find(notification, variables)
        if not positions:
            known = [name for task in self.tasks for name in (*self._titles(task, variables), *task.listen)]
            where = getattr(notification, "where", None) or where
            raise PlaybookError(f'no handler is called "{notification}"', where, did_you_mean(notification, known))
        return positions

    def missing(self, tasks: Iterable[Task]) -> Iterator[PlaybookError]:
        """The handlers that tasks would notify in vain, where names are not templates; none is
        needed before."""
        if any(is_template(task.name) for task in self.tasks):
            return
        for task in tasks:
            for name in task.notify:
                if not is_template(name):
                    try:
                        self.require(name if isinstance(name, str) else str(name), {}, task.where)
                    except PlaybookError as error:
                        yield error

    def _titles(self, handler: Task, variables: Mapping[str, Any]) -> list[str]:
        """The names of a handler, without and with its role's; none where its name
        cannot be rendered."""
        try:
            name = str(self._templar.render(handler.name, variables))
        except TemplateError:
            return []
        return [name, f"{handler.role.name} : {name}"] if handler.role else [name]
