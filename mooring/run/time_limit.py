"""How long a task may take: Ansible's `timeout`, or what suffices for looking; what does something
has all the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mooring.deadline import Deadline
from mooring.errors import OutOfTime, TaskTimedOut, TemplateError
from mooring.playbook import arguments
from mooring.playbook.keywords import as_seconds

# What only looks at a host (facts, stat, the engine's configuration) ends after so long, unless
# `timeout` says else.
LOOK_SECONDS = 300.0
# Arguments by which a module is told to take longer.
OWN_LIMITS = ("timeout", "seconds")
HINT = "Looking at a host must not take longer; give the task a longer timeout if it may."


class TimeLimit:
    """One attempt of a task. `value` is the rendered keyword; None or 0 for no limit."""

    def __init__(self, value: Any) -> None:
        seconds = 0 if value is None else as_seconds(value)
        if seconds is None:
            where = getattr(value, "where", None)
            raise TemplateError(f'timeout must be a whole number of seconds, not "{value}"', where)
        self.seconds = seconds
        self._deadline = Deadline(seconds or None)

    @contextmanager
    def over(self, module: str, args: Mapping[str, Any]) -> Iterator[float | None]:
        """Run a module within the seconds that this yields; TaskTimedOut where it took longer."""
        own = self._deadline.left
        look = looking_seconds(module, args) if own is None else None
        self._check()
        try:
            yield own if look is None else look
        except OutOfTime:
            raise TaskTimedOut(self.seconds) if look is None else TaskTimedOut(look, HINT) from None

    def wait(self, sleep: Callable[[float], None], seconds: float) -> None:
        """Sleep on the control machine, but not beyond the limit."""
        sleep(self._deadline.within(seconds))
        self._check()

    def _check(self) -> None:
        if self._deadline.is_over:
            raise TaskTimedOut(self.seconds)


def looking_seconds(module: str, args: Mapping[str, Any]) -> float | None:
    """How long a module may take that only looks; None for one that does something."""
    if not arguments.find_module(module).looks:
        return None
    limits = [args[name] for name in OWN_LIMITS if isinstance(args.get(name), (int, float))]
    return LOOK_SECONDS + max([0.0, *map(float, limits)])
