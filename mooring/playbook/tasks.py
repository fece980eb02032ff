"""Tasks, handlers and blocks as frozen dataclasses, and where a task's files are looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any

from mooring.errors import PlaybookError, Where
from mooring.files.reading import expand
from mooring.playbook.keywords import Keywords
from mooring.project import Project
from mooring.templating.refusals import check_name, check_place
from mooring.templating.templar import Templar


@dataclass(frozen=True)
class Role:
    """A role as a play uses it: where it lives and what variables it brings.

    `number` counts the play's uses of roles; `twins` are earlier uses of the same role that make
    this one needless.
    """

    name: str
    path: Path
    defaults: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    _: KW_ONLY
    twins: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Task:
    """One task, its arguments still untemplated; a handler is a task with `listen`.

    `keywords` are the task's own inside those that are `around` it, of its blocks, role and play.
    """

    name: str
    where: Where
    action: str
    args: Mapping[str, Any]
    keywords: Keywords
    around: Keywords
    _: KW_ONLY
    role: Role | None = None
    register: str | None = None
    loop: Any = None
    loop_control: Mapping[str, Any] = field(default_factory=dict)
    until: tuple[Any, ...] = ()
    retries: Any = None
    delay: Any = 5
    changed_when: tuple[Any, ...] = ()
    failed_when: tuple[Any, ...] = ()
    notify: tuple[Any, ...] = ()
    listen: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name as output shows it: `role : name`."""
        return f"{self.role.name} : {self.name}" if self.role else self.name

    def handed_down(self, include_params: tuple[Mapping[str, Any], ...]) -> Keywords:
        """What an include hands down to the tasks that it brings: as in Ansible not its own tags
        and conditions."""
        return replace(self.around, include_params=include_params)


@dataclass(frozen=True)
class Block:
    """Tasks that belong together, what rescues them and what follows always."""

    name: str
    where: Where
    body: tuple[Step, ...]
    rescue: tuple[Step, ...] = ()
    always: tuple[Step, ...] = ()


Step = Task | Block


# Lets the action of a task look at what the task names.
Checker = Callable[[Task, "Context"], None]


@dataclass(frozen=True)
class Loading:
    """What counts only while files are read.

    `including` are the files that are being read, so that one that includes itself comes to an end.
    """

    check_action: Checker
    including: tuple[Path, ...] = ()
    is_handlers: bool = False


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where a play's files are looked for, what renders its templates, and how its files are
    read."""

    playbook_dir: Path
    templar: Templar
    loading: Loading
    project: Project = field(default_factory=Project)
    role: Role | None = None

    def within(self, file: Path) -> Context:
        """The context of what a file holds, while it is read."""
        return replace(self, loading=replace(self.loading, including=(*self.loading.including, file)))

    def search_path(self, folder: str, where: Where | None) -> list[Path]:
        """Where a relative file is looked for, in Ansible's order (`folder`:
        templates, files, tasks).

        That is the role, the folder of the file that names it (`where`), the playbook's folder, and
        the one above it.
        """
        roots = [self.role.path] if self.role else []
        if where is not None:
            beside = Path(where.path).parent
            roots += [beside, *([beside.parent] if beside.name == "tasks" else [])]
        roots += [self.playbook_dir, self.playbook_dir.parent]
        return list(dict.fromkeys(path for root in roots for path in (root / folder, root)))

    def find(self, name: str, folder: str, where: Where | None) -> Path:
        """The file that a task names; PlaybookError where it does not exist.

        TemplateError where a host's text in the name is more than a part of it, or leads elsewhere.
        """
        check_name(name, where)
        path, places = expand(name), self.search_path(folder, where)
        candidates = [path] if path.is_absolute() else [place / path for place in places]
        for candidate in candidates:
            if candidate.exists():
                check_place(name, candidate, places, where)
                return candidate
        looked_in = (
            "" if path.is_absolute() else ", ".join(dict.fromkeys(str(candidate.parent) for candidate in candidates))
        )
        raise PlaybookError(f'no such file: "{name}"', where, f"looked in {looked_in}" if looked_in else "")


def walk(steps: tuple[Step, ...]) -> Iterator[Task]:
    """Every task of the steps and of the blocks inside them."""
    for step in steps:
        if isinstance(step, Task):
            yield step
        else:
            yield from walk(step.body + step.rescue + step.always)
