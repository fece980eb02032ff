"""Lists of tasks and blocks from YAML files; `import_tasks` is resolved here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mooring import source
from mooring.errors import PlaybookError, Where
from mooring.mistakes import Mistakes
from mooring.playbook import arguments, key_values
from mooring.playbook.keywords import Keywords, read_keywords
from mooring.playbook.task_reader import TaskReader
from mooring.playbook.tasks import Block, Context, Step
from mooring.source import Node, Reader
from mooring.templating.templar import is_template

# Far more than anybody writes, and few enough for Python's stack.
MAX_IMPORTS = 30
BLOCK_KEYWORDS = ("name", "when", "vars", "tags", "environment", *Keywords.SINGLE)


def load_file(path: Path, context: Context, outer: Keywords, kind: str = "tasks") -> tuple[Step, ...]:
    """The steps in a task file."""
    return load_list(source.load(path), context.within(path), outer, kind)


def load_list(node: Node | None, context: Context, outer: Keywords, kind: str = "tasks") -> tuple[Step, ...]:
    """The steps in a list of tasks and blocks."""
    if node is None or node.is_null:
        return ()
    if not node.is_list:
        raise PlaybookError(f"{kind} must be a list", node.where)
    if kind == "handlers":
        context = replace(context, loading=replace(context.loading, is_handlers=True))
    steps: list[Step] = []
    mistakes = Mistakes()
    for child in node.elements():
        with mistakes.gather():
            steps += _load_step(child, context, outer)
    mistakes.raise_first()
    return tuple(steps)


def _load_step(node: Node, context: Context, outer: Keywords) -> tuple[Step, ...]:
    reader = Reader(node, "the task")
    if reader.has("block"):
        return (_load_block(reader, context, outer),)
    if any(arguments.short_name(key) == "import_tasks" for key in reader.remaining()):
        return _import_tasks(reader, context, outer)
    return (TaskReader(reader, context, outer).load(),)


def _load_block(reader: Reader, context: Context, outer: Keywords) -> Block:
    reader.what = "the block"
    mistakes = Mistakes()
    own = read_keywords(reader, mistakes)
    with mistakes.gather():
        context.templar.check_all(own.vars, reader.node.where)
    keywords, parts = own.inherit(outer), []
    for part in ("block", "rescue", "always"):
        with mistakes.gather():
            parts.append(load_list(reader.take_node(part), context, keywords, part))
    name = reader.take_text("name")
    with mistakes.gather():
        reader.finish(BLOCK_KEYWORDS)
    mistakes.raise_first()
    return Block(name, reader.node.where, *parts)


def _import_tasks(reader: Reader, context: Context, outer: Keywords) -> tuple[Step, ...]:
    key = next(key for key in reader.remaining() if arguments.short_name(key) == "import_tasks")
    node = reader.take_node(key)
    keywords = read_keywords(reader).inherit(outer)
    reader.take("name")
    reader.finish(BLOCK_KEYWORDS)
    where = reader.node.where
    if node is not None and node.is_mapping:
        inner = Reader(node, "import_tasks")
        name = inner.take("file")
        inner.finish()
    else:
        name = _read_file_name(source.value(node), where)
    if not isinstance(name, str):
        raise PlaybookError("import_tasks needs the name of a file", where)
    if is_template(name):
        raise PlaybookError("import_tasks cannot be a template", where, "use include_tasks")
    path = context.find(name, "tasks", where)
    if path in context.loading.including:
        raise PlaybookError(f"{path} imports itself", where, "include_tasks with a condition can come to an end")
    if len(context.loading.including) > MAX_IMPORTS:
        raise PlaybookError(f"files import each other more than {MAX_IMPORTS} levels deep", where)
    return load_file(path, context, keywords)


def _read_file_name(value: Any, where: Where) -> Any:
    """The name in `NAME` or `file=NAME`; anything but text is returned for the caller to refuse."""
    if not isinstance(value, str):
        return value
    try:
        words = key_values.parse(value)
    except ValueError as error:
        raise PlaybookError(f"import_tasks: {error}", where) from None
    name = words.rest or words.pairs.pop("file", "")
    if words.pairs or not name:
        raise PlaybookError("import_tasks needs the name of a file, and takes nothing else", where)
    return name
