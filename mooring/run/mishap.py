"""Errors that are not a task's own result: in a host's thread, and in what draws the run."""

from __future__ import annotations

from mooring.errors import MooringError
from mooring.playbook.playbook import Play
from mooring.playbook.tasks import Task
from mooring.results import Outcome, Result


class Mishap:
    """The first failure of the display. `is_mute` says that it could not even be told there."""

    def __init__(self) -> None:
        self._first: Exception | None = None
        self._is_told = False
        self.is_mute = False

    def is_new(self, error: Exception) -> bool:
        """Whether this is the first failure, which is to be told; the next one, before that, is the
        display's end."""
        if self._first is not None:
            self.is_mute = self.is_mute or not self._is_told
            return False
        self._first = error
        return True

    def end_telling(self) -> None:
        """The first one was told, or could not be; later ones are not."""
        self._is_told = True

    def error(self, status: int) -> Exception:
        """What the command ends with when the hosts are done: nobody reads on, or the output
        cannot be written."""
        if isinstance(self._first, BrokenPipeError):
            return self._first
        error = MooringError(f"the run is done, but its output could not be written: {self._first}")
        error.exit_status = status or error.exit_status
        return error


def broken_result(host: str, task: Task | None, play: Play, message: str, trace: str) -> Result:
    """A result for what no task's own result tells of."""
    return Result(
        host,
        task.title if task else play.name,
        Outcome.FAILED,
        {"failed": True, "msg": message},
        message,
        traceback=trace,
        where=task.where if task else play.where,
        no_log=task is not None and task.keywords.no_log not in (None, False),
    )
