"""Playbooks: plays with their roles, tasks and handlers, all checked while loading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import Any

from mooring import source
from mooring.errors import PlaybookError, Where
from mooring.files.reading import many_objects
from mooring.mistakes import Mistakes
from mooring.playbook.handlers import Handlers
from mooring.playbook.keywords import Keywords, read_keywords
from mooring.playbook.loading import MAX_IMPORTS, load_list
from mooring.playbook.roles import RoleUse, load_roles, load_variables
from mooring.playbook.serial import batch_size, exceeds
from mooring.playbook.tasks import Checker, Context, Loading, Role, Step, Task, walk
from mooring.project import Project
from mooring.source import Node, Reader, did_you_mean
from mooring.templating.templar import Templar, is_template

SECTIONS = ("pre_tasks", "tasks", "post_tasks")


@dataclass(frozen=True)
class Play:
    """One play; handlers run after each of its `sections` (pre_tasks, roles and tasks,
    post_tasks)."""

    name: str
    where: Where
    hosts: str
    context: Context
    keywords: Keywords
    roles: tuple[Role, ...]
    _: KW_ONLY
    sections: tuple[tuple[Step, ...], ...]
    handlers: tuple[tuple[Task, ...], ...]
    vars_files: tuple[Any, ...] = ()
    gather_facts: bool = True
    serial: tuple[Any, ...] = ()
    max_fail_percentage: Any = None

    def tasks(self) -> Iterator[Task]:
        """Every task that is known before the play runs."""
        for section in self.sections:
            yield from walk(section)


@dataclass(frozen=True)
class Playbook:
    """The plays of a file and of those it imports."""

    path: Path
    plays: tuple[Play, ...]

    @classmethod
    def load(cls, path: Path, check_action: Checker, project: Project | None = None) -> Playbook:
        """Read and check a playbook; SourceError with the place of the first mistake, and the
        others beside it.

        Without a project the working directory is one.
        """
        project = project or Project()
        folder = project.folder_of(path)
        context = Context(playbook_dir=folder, templar=Templar(folder), loading=Loading(check_action), project=project)
        with many_objects():
            return cls(path, tuple(_load_plays(path, context, ())))

    def warnings(self) -> Iterator[str]:
        """What need not be wrong: handlers that are not there, which end a run only where
        they are notified."""
        for play in self.plays:
            known = Handlers(play.handlers, play.context.templar)
            for error in known.missing((*play.tasks(), *known.tasks)):
                yield f"{error}"


def _load_plays(path: Path, context: Context, chain: tuple[Path, ...]) -> list[Play]:
    root = source.load(path)
    if root is None or not root.is_list:
        raise PlaybookError("a playbook is a list of plays", root.where if root else Where(str(path)))
    plays: list[Play] = []
    mistakes = Mistakes()
    for node in root.elements():
        with mistakes.gather():
            plays += _load_entry(node, path, context, chain)
    mistakes.raise_first()
    return plays


def _load_entry(node: Node, path: Path, context: Context, chain: tuple[Path, ...]) -> list[Play]:
    """A play, or those of the playbook that is imported in its place."""
    reader = Reader(node, "the play")
    imports = [key for key in reader.remaining() if key.rpartition(".")[2] == "import_playbook"]
    if not imports:
        return [_load_play(reader, context)]
    where, name = reader.key_where(imports[0]), reader.take_text(imports[0])
    reader.take("name")
    reader.finish()
    imported = context.project.imported(name, path)
    if not imported.is_file():
        raise PlaybookError(f'no such playbook: "{name}"', where, f"looked in {path.parent}")
    if imported.resolve() in (*chain, path.resolve()):
        raise PlaybookError("the playbook imports itself", where)
    if len(chain) > MAX_IMPORTS:
        raise PlaybookError(f"playbooks import each other more than {MAX_IMPORTS} levels deep", where)
    inner = replace(context, playbook_dir=context.project.folder_of(imported))
    return _load_plays(imported, inner, (*chain, path.resolve()))


def _load_play(reader: Reader, context: Context) -> Play:
    hosts = _read_hosts(reader)
    name = reader.take_text("name")
    if reader.has("when"):
        raise PlaybookError(
            "a play takes no conditions", reader.key_where("when"), "give them to its roles, tasks, blocks"
        )
    mistakes = Mistakes()
    keywords = read_keywords(reader, mistakes)
    with mistakes.gather():
        context.templar.check_all([getattr(keywords, keyword) for keyword in ("vars", "environment", *Keywords.SINGLE)])
    # A play's variables are a layer below the role's: they are not handed down to the tasks.
    inner = Keywords(**{**vars(keywords), "vars": ()})
    uses: tuple[RoleUse, ...] = ()
    with mistakes.gather():
        uses = load_roles(reader.take_node("roles"), context, inner)
    vars_files: tuple[Any, ...] = ()
    with mistakes.gather():
        vars_files = _read_vars_files(reader, context)
    gather_facts, batches = True, ((), None)
    with mistakes.gather():
        gather_facts = bool(reader.take_bool("gather_facts", True))
    with mistakes.gather():
        batches = _read_batches(reader)
    pre, own, post, last = _load_lists(reader, context, inner, mistakes)
    handlers = [*(use.handlers for use in uses), last]
    return Play(
        name or hosts,
        reader.node.where,
        hosts,
        context,
        keywords,
        tuple(use.role for use in uses),
        sections=(pre, (*(step for use in uses for step in use.tasks), *own), post),
        handlers=tuple(tuple(walk(group)) for group in handlers),
        vars_files=vars_files,
        gather_facts=gather_facts,
        serial=batches[0],
        max_fail_percentage=batches[1],
    )


def _load_lists(reader: Reader, context: Context, inner: Keywords, mistakes: Mistakes) -> Iterator[tuple[Step, ...]]:
    """The steps of the sections, then the handlers; the end of loading where anything
    was wrong up to here."""
    lists: list[tuple[Step, ...]] = []
    for key in (*SECTIONS, "handlers"):
        with mistakes.gather():
            lists.append(load_list(reader.take_node(key), context, inner, key))
    with mistakes.gather():
        reader.finish()
    mistakes.raise_first()
    return iter(lists)


def _read_hosts(reader: Reader) -> str:
    if not reader.has("hosts"):
        hints = (did_you_mean(key, ("hosts", "import_playbook")) for key in reader.remaining())
        raise PlaybookError('the play does not say "hosts"', reader.node.where, next(filter(None, hints), ""))
    where = reader.key_where("hosts")
    hosts = ",".join(str(pattern) for pattern in reader.take_list("hosts"))
    if not hosts.strip():
        raise PlaybookError('"hosts" names nobody', where)
    return hosts


def _read_vars_files(reader: Reader, context: Context) -> tuple[Any, ...]:
    """The files' names; those that are not templates are read now, to find a mistake in them."""
    names = tuple(reader.take_list("vars_files"))
    for name in names:
        where = getattr(name, "where", None) or reader.node.where
        if not isinstance(name, str):
            raise PlaybookError("vars_files must be names of files", where, "lists of alternatives are not supported")
        if is_template(name):
            context.templar.check(name, where)
        else:
            load_variables(context.find(name, "vars", where), context.templar)
    return names


def _read_batches(reader: Reader) -> tuple[tuple[Any, ...], Any]:
    """`serial` and `max_fail_percentage`, tried out where they are not templates."""
    serial = tuple(reader.take_list("serial"))
    node = reader.take_node("max_fail_percentage")
    limit = source.value(node)
    for word in serial:
        if not is_template(word):
            batch_size(word, 1, reader.node.where)
    if node is not None and not is_template(limit):
        exceeds(0, 1, limit, node.where)
    return serial, limit


def load_vars_file(play: Play, name: str) -> Mapping[str, Any]:
    """The variables of one of a play's vars_files."""
    return load_variables(play.context.find(name, "vars", play.where), play.context.templar)
