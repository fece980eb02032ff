"""testinfra's way to a host, over Mooring's agent: `host.run` costs one message on
an open connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from testinfra.backend.base import BaseBackend, CommandResult  # type: ignore[import-untyped]

from mooring.errors import MooringError


class Ran(NamedTuple):
    """A finished program."""

    rc: int
    out: str
    err: str


class CheckFailed(MooringError):
    """A module that only looks could not look; the message is the host's."""

    exit_status = 2


class AgentBackend(BaseBackend):  # type: ignore[misc]
    """Runs testinfra's commands through the agent, as the user that the inventory's become
    names."""

    NAME = "mooring"

    def __init__(self, hostname: str, run_line: Callable[[str], Ran]) -> None:
        super().__init__(hostname)
        self._run_line = run_line

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        line = self.get_command(command, *args)
        ran = self._run_line(line)
        return self.result(ran.rc, line.encode(), ran.out, ran.err)

    def get_encoding(self) -> str:
        """The agent's own; testinfra would start an interpreter on the host to ask."""
        return "utf-8"
