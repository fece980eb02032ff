"""One event per line as JSON, for programs; the last line is the recap."""

from __future__ import annotations

from typing import Any, TextIO

from mooring.errors import Where
from mooring.reporters import wording
from mooring.reporters.screen import write_json
from mooring.results import (
    Event,
    ItemFinished,
    PlayStarted,
    Progress,
    Recap,
    Result,
    RunFinished,
    Silence,
    TaskFinished,
    TaskStarted,
    Warned,
)


class JsonLines:
    """Writes to the stream that it is given, and makes every line whole before the next event."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream

    def handle(self, event: Event) -> None:
        """Write the event's line."""
        if isinstance(event, RunFinished) and event.interrupted:
            self._write({"event": "interrupted"})
        self._write(as_object(event))

    def close(self) -> None:
        """Nothing is kept back."""

    def _write(self, line: dict[str, Any]) -> None:
        write_json(line, self.stream, indent=None)


def as_object(event: Event) -> dict[str, Any]:
    """An event's line."""
    match event:
        case PlayStarted(name, hosts, check):
            return {"event": "play_started", "name": name, "hosts": list(hosts), "check": check}
        case TaskStarted(host, task, where, kind):
            return {"event": "task_started", "host": host, "task": task, "kind": kind, **place(where)}
        case ItemFinished(result):
            return {"event": "item_finished", **described(result), "item": None if result.no_log else result.item}
        case TaskFinished(result):
            return {"event": "task_finished", **described(result)}
        case Progress(host, task, activity, done, total):
            return {"event": "progress", "host": host, "task": task, "what": activity, "done": done, "total": total}
        case Silence(host, seconds):
            return {"event": "silence", "host": host, "seconds": round(seconds, 1)}
        case Warned(message, host):
            return {"event": "warned", "message": message, "host": host}
        case RunFinished(recap, exit_status):
            counts = {host: {column: row[column] for column in Recap.COLUMNS} for host, row in recap.counts.items()}
            rest = event.remainder
            left = {"left": [*rest.earlier, *rest.hosts], "retry_file": rest.path} if rest else {}
            return {"event": "recap", "hosts": counts, "exit_status": exit_status, **left}


def described(result: Result) -> dict[str, Any]:
    """A result for a program: what may be known of it, and where its task stands."""
    return {
        "host": result.host,
        "task": result.task,
        "outcome": result.outcome.value,
        "changed": result.is_changed,
        "message": wording.message(result),
        "values": wording.values(result),
        "diff": [] if result.no_log else [dict(part) for part in result.diff],
        "seconds": round(result.seconds, 3),
        **({"traceback": result.traceback} if result.traceback and not result.no_log else {}),
        **place(result.where),
    }


def place(where: Where | None) -> dict[str, Any]:
    """Where a task stands, as keys of its line."""
    if where is None:
        return {"path": None, "line": None, "column": None}
    return {"path": where.path, "line": where.line, "column": where.column}
