"""What comes out of work: the outcome of a task on a host, the events of a run, and the recap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from typing import Any

from mooring.errors import Where


class Outcome(Enum):
    """How a task ended on a host; the value is the recap's column."""

    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    RESCUED = "rescued"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Result:
    """One task on one host (or one item of its loop).

    `values` are the return values that `register` keeps, in Ansible's words (changed, rc, stdout,
    …). `diff` is what the task changed or would change: texts {"before", "after", "before_header",
    "after_header"}.
    """

    host: str
    task: str
    outcome: Outcome
    values: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    diff: tuple[Mapping[str, str], ...] = ()
    _: KW_ONLY
    traceback: str = ""
    seconds: float = 0.0
    item: str | None = None
    where: Where | None = None
    no_log: bool = False

    @property
    def is_changed(self) -> bool:
        return bool(self.values.get("changed"))

    @property
    def is_failed(self) -> bool:
        return self.outcome in (Outcome.FAILED, Outcome.UNREACHABLE)


@dataclass
class Recap:
    """Counts per host, as Ansible's recap has them; `counts[host][column]`."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    COLUMNS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")

    def add_host(self, host: str) -> None:
        self.counts.setdefault(host, dict.fromkeys(self.COLUMNS, 0))

    def count(self, result: Result) -> None:
        """Count a task's result; a changed task is ok as well, an ignored failure
        too, as in Ansible."""
        self.add_host(result.host)
        row = self.counts[result.host]
        row[result.outcome.value] += 1
        if result.outcome in (Outcome.CHANGED, Outcome.IGNORED):
            row["ok"] += 1
        if result.outcome is Outcome.IGNORED and result.is_changed:
            row["changed"] += 1

    def exit_status(self) -> int:
        """0 fine, 2 a task failed, 4 a host was unreachable (which says more, so it wins)."""
        rows = self.counts.values()
        if any(row["unreachable"] for row in rows):
            return 4
        return 2 if any(row["failed"] for row in rows) else 0

    @property
    def has_changes(self) -> bool:
        return any(row["changed"] for row in self.counts.values())


# --- events: what the core says while it works; reporters draw them ---


@dataclass(frozen=True)
class PlayStarted:
    name: str
    hosts: tuple[str, ...]
    check: bool = False


@dataclass(frozen=True)
class TaskStarted:
    """A host begins a task; `kind` is "task" or "handler"."""

    host: str
    task: str
    where: Where | None = None
    kind: str = "task"


@dataclass(frozen=True)
class ItemFinished:
    """One item of a loop is done; the task itself ends with its own TaskFinished."""

    result: Result


@dataclass(frozen=True)
class TaskFinished:
    result: Result


@dataclass(frozen=True)
class Progress:
    """A long transfer or pull: `done` of `total` bytes (total 0: unknown)."""

    host: str
    task: str
    activity: str
    done: int
    total: int = 0


@dataclass(frozen=True)
class Silence:
    """A host does not answer: nothing was heard of it for so many seconds; 0 when it answers
    again."""

    host: str
    seconds: float


@dataclass(frozen=True)
class Warned:
    """Something the operator should know that is not a failure."""

    message: str
    host: str | None = None


@dataclass(frozen=True)
class Remainder:
    """The hosts that did not get through, those `earlier` runs left over, and the file
    that names them all.

    `problem` says why it could not be written.
    """

    hosts: tuple[str, ...]
    path: str
    problem: str = ""
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunFinished:
    """The end; `remainder` where hosts are left to go on with."""

    recap: Recap
    exit_status: int
    interrupted: bool = False
    remainder: Remainder | None = None


Event = PlayStarted | TaskStarted | ItemFinished | TaskFinished | Progress | Silence | Warned | RunFinished
