"""Looks over the shoulder of a run of the real `invoke`: what it opens, starts,
connects to and compiles.

Python imports this by itself where PYTHONPATH names its folder. Each thing is a line of JSON in the
file MOORING_WATCH: "path", "program", "network" and "code" from Python's audit events, "template"
(every text that Jinja reads as one), "setting" (every value that says how a host is reached).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

PATHS = ("open", "os.listdir", "os.scandir")
PROGRAMS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn")


class Watch:
    """Writes the lines: each by a single write, so that threads do not mix."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def note(self, kind: str, *values: object) -> None:
        """One line."""
        os.write(self._file, (json.dumps([kind, *map(as_text, values)]) + "\n").encode())

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        """What Python itself tells of; the code that is imported is left out."""
        if event in PATHS:
            path = args[0] if args else "."
            if isinstance(path, (str, bytes)) and not as_text(path).endswith((".pyc", ".py")):
                self.note("path", path)
        elif event in PROGRAMS:
            self.note("program", args)
        elif event == "compile" and isinstance(args[0], (str, bytes)) and not str(args[1]).endswith(".py"):
            self.note("code", args[0])
        elif event in ("socket.connect", "socket.getaddrinfo"):
            self.note("network", args)

    def watch_templates(self) -> None:
        """Everything that Jinja compiles passes its lexer."""
        from jinja2.lexer import Lexer

        tokens, note = Lexer.tokeniter, self.note

        def tokeniter(lexer: Lexer, source: str, *args: Any, **options: Any) -> Any:
            note("template", source)
            return tokens(lexer, source, *args, **options)

        Lexer.tokeniter = tokeniter  # type: ignore[method-assign]

    def watch_settings(self) -> None:
        """All values of the records that say how a host is reached, and as whom."""
        from mooring.transport.connection.become import Become
        from mooring.transport.connection.settings import ConnectionSettings

        self._watch_record(ConnectionSettings, {"options", "become"})
        self._watch_record(Become, {"prompt"})

    def _watch_record(self, kind: type, skipped: set[str]) -> None:
        init, note = kind.__init__, self.note  # type: ignore[misc]

        def noting(record: Any, *args: Any, **options: Any) -> None:
            init(record, *args, **options)
            for name in set(record.__dataclass_fields__) - skipped:
                note("setting", name, getattr(record, name))

        kind.__init__ = noting  # type: ignore[misc]


def as_text(value: object) -> str:
    """Paths as they are, all else as Python shows it."""
    return os.fsdecode(value) if isinstance(value, (str, bytes)) else repr(value)


# Not for the programs that the run itself may start.
PATH = os.environ.pop("MOORING_WATCH", "")
if PATH:
    watch = Watch(PATH)
    watch.watch_templates()
    watch.watch_settings()
    sys.addaudithook(watch.hook)
