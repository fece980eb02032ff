"""The program itself: Invoke with Mooring's version, its tasks at a glance, and a suggestion where
a word is mistyped.

Invoke's own program runs the same tasks, and answers in its own words where none of them runs.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from invoke import Argument, CollectionNotFound, FilesystemLoader, ParseError, Parser, ParserContext, Program

from mooring import __version__
from mooring.cli.completion import SCRIPTS, complete
from mooring.cli.directories import caller
from mooring.cli.finish import finish
from mooring.cli.mistyped import explain
from mooring.invocation import command
from mooring.reporters import listing, visible

# Those of Invoke's options that mean something here. The others would be taken without a word:
# `--dry` and `--echo`, say, are about commands that tasks run on this machine through Invoke, and
# no task does.
CORE_HELP = {
    "collection": "the module of the tasks, in place of tasks.py",
    "complete": "",
    "help": "the tasks and these options, or a task's options",
    "list": "the tasks, or those of a group such as lab",
    "print-completion-script": f"the completion script of a shell: {' or '.join(SCRIPTS)}",
    "search-root": "the directory where the search for the tasks begins",
    "version": "Mooring's version",
}

LONGEST = 500


class TaskLoader(FilesystemLoader):
    """Finds the nearest tasks.py, else Mooring's own tasks; `start` is relative to the
    operator's directory."""

    def __init__(self, start: str | None = None, **settings: Any) -> None:
        super().__init__(str(caller() / start) if start else None, **settings)

    def load(self, name: str | None = None) -> tuple[ModuleType, str]:
        """The module and its directory; CollectionNotFound where one was asked for by
        name and is not there."""
        try:
            loaded: tuple[ModuleType, str] = super().load(name)
        except CollectionNotFound:
            if name is not None:
                raise
            return import_module("mooring.cli.tasks"), os.getcwd()
        return loaded


class TaskProgram(Program):
    """Runs the tasks; `binary` is how it is called, for usage lines and remedies."""

    def __init__(self, binary: str) -> None:
        super().__init__(version=__version__, name="Mooring", binary=binary, loader_class=TaskLoader)
        self._parser: Parser | None = None

    def core_args(self) -> list[Argument]:
        """The options that stand before all tasks."""
        arguments = [
            argument for argument in (*super().core_args(), *super().task_args()) if argument.name in CORE_HELP
        ]
        for argument in arguments:
            argument.help = CORE_HELP[argument.name or ""]
        return arguments

    def task_args(self) -> list[Argument]:
        """They are among the others."""
        return []

    def parse_core(self, argv: list[str] | None) -> None:
        """Read what stands before the first task."""
        self.normalize_argv(argv)
        self._explain(self.parse_core_args)
        sys.dont_write_bytecode = True
        if self.args.version.value:
            self._answer(lambda: listing.write_line(f"{self.name} {self.version}"))
        shell = self.args["print-completion-script"].value
        if shell and shell not in SCRIPTS:
            raise ParseError(_message(f'there is completion for {" and ".join(SCRIPTS)}, not for "{shell}"'))
        if shell:
            self._answer(lambda: listing.write_text(SCRIPTS[shell]))

    def parse_tasks(self) -> None:
        """Read the tasks and their options. Invoke takes any word for an argument that must be
        given, `--help` too."""
        words, contexts = self.core.unparsed, self._make_parser().contexts
        at = next((number for number, word in enumerate(words) if word in ("-h", "--help")), 0)
        task = next((word for word in reversed(words[:at]) if word in contexts), None)
        if task is not None:
            self.core.unparsed, self.args.help.value = [], task
        self._explain(self._parse_tasks)

    def _parse_tasks(self) -> None:
        super().parse_tasks()
        for context in self.tasks:
            if _swallowed(context):
                raise ParseError("", context)

    def parse_cleanup(self) -> None:
        """Answer what runs no task: completion, help, the list."""
        if self.args.complete.value:
            words, tasks = self.core.remainder.split(" "), self._make_parser().contexts
            contexts = {name: tasks[name] for name in self._names()}
            self._answer(lambda: listing.write_text("\n".join(complete(words, contexts, self.initial_context))))
        task, group = self.args.help.value, self.args.list.value
        if isinstance(task, str) and task in self.parser.contexts:
            self._answer(lambda: self.print_task_help(task))
        if isinstance(task, str):
            self._explain(lambda: self._refuse(task))
        if group or not self.tasks:
            names = list(self._names(group if isinstance(group, str) else ""))
            if not names:
                raise ParseError(_message(f'there is no task in a group "{group}"'))
            self._answer(lambda: self._list(names))

    def print_help(self) -> None:
        """The tasks, and the options that stand before them; Invoke asks for it before it
        has read the tasks."""
        self.load_collection()
        self._answer(
            lambda: self._list(list(self._names())),
            listing.write_line,
            lambda: listing.write_columns([row for row in self.initial_context.help_tuples() if row[1]]),
        )

    def print_task_help(self, name: str) -> None:
        """What a task does, and its options."""
        context = self.parser.contexts[name]
        words = [self.binary, name, *(argument.name.upper() for argument in context.positional_args), "[OPTIONS]"]
        listing.write_line(f"Usage: {' '.join(words)}")
        listing.write_line()
        listing.write_text(inspect.getdoc(self.collection[name]) or "")
        listing.write_line()
        listing.write_columns(context.help_tuples())

    def _make_parser(self) -> Parser:
        """The parser, made once: a task hands the help of its options out only once."""
        if self._parser is None:
            self._parser = super()._make_parser()
        return self._parser

    def update_config(self, merge: bool = True) -> None:
        """Invoke's own settings; no option changes any."""
        self.config.load_runtime(merge=merge)

    def _names(self, group: str = "") -> Iterator[str]:
        """The tasks (of a group), those of groups last; not the one that only shows the list."""
        begin = f"{group}." if group else ""
        for name in sorted(self.collection.task_names, key=lambda name: ("." in name, name)):
            if name != self.collection.default and name.startswith(begin):
                yield name

    def _list(self, names: list[str]) -> None:
        listing.write_line(f"Usage: {self.binary} TASK [OPTIONS]")
        listing.write_line()
        texts = [(inspect.getdoc(self.collection[name]) or "").partition("\n")[0] for name in names]
        listing.write_columns(list(zip(names, texts, strict=True)))
        listing.write_line()
        listing.write_line(f"A task's options: {self.binary} --help TASK")

    def _refuse(self, word: str) -> None:
        raise ParseError(f"No idea what {word!r} is!")

    def _explain(self, parse: Callable[[], None]) -> None:
        """Parse; what nobody knows is told with a suggestion."""
        try:
            parse()
        except ParseError as error:
            known = {"": list(self.initial_context.flag_names())}
            if hasattr(self, "collection"):
                known |= {
                    str(parser.name): list(parser.flag_names()) for parser in self._make_parser().contexts.values()
                }
            task, option = getattr(error.context, "name", None) or "", _swallowed(error.context)
            text = f"No idea what {option!r} is!" if option else str(error)
            raise ParseError(_message(explain(text, task, known, self.binary)), error.context) from None
        except ValueError as error:
            raise ParseError(_message(f"a value is of the wrong kind: {error}")) from None

    @staticmethod
    def _answer(*parts: Callable[[], None]) -> None:
        """Say it, and end the program."""
        for part in parts:
            finish(part)
        sys.exit(0)


def _swallowed(context: ParserContext | None) -> str:
    """An option that nobody knows and that was therefore taken for an argument, or ""."""
    values = [
        str(argument.value) for argument in (context.positional_args if context else ()) if argument.value is not None
    ]
    return next((value for value in values if value.startswith("-") and len(value) > 1), "")


def _message(text: str) -> str:
    """As one line, whatever the operator has typed."""
    return visible.line(text, LONGEST)


def main() -> None:
    """The programs `invoke` and `mooring` of the wheel."""
    TaskProgram(command()).run()
