"""What an action is given: a task on one host, its arguments, and the way to the host's modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mooring.errors import Where
from mooring.playbook.tasks import Context, Task
from mooring.templating.variables import Variables
from mooring.transport.request import Content

Reply = dict[str, Any]


class ModuleCaller(Protocol):
    """Runs a module on the host: normalized arguments, and the content that it may ask for."""

    def __call__(self, name: str, args: Mapping[str, Any], content: Content | None = None, /) -> Reply: ...


@dataclass(frozen=True)
class Reach:
    """The way to the host of a call: `wait` sleeps until the run is interrupted.

    `renew` drops a connection that is lost, so that the next module call opens a new one.
    """

    host: str
    module: ModuleCaller
    wait: Callable[[float], None]
    renew: Callable[[], None]


@dataclass(frozen=True)
class Mode:
    """Whether nothing may be changed, and whether differences are asked for."""

    check: bool = False
    diff: bool = False


@dataclass(frozen=True)
class Call:
    """One action on one host; `args` are normalized."""

    task: Task
    context: Context
    args: Mapping[str, Any]
    variables: Variables
    mode: Mode
    reach: Reach

    @property
    def host(self) -> str:
        return self.reach.host

    @property
    def check(self) -> bool:
        return self.mode.check

    @property
    def diff(self) -> bool:
        return self.mode.diff

    @property
    def module(self) -> ModuleCaller:
        return self.reach.module

    @property
    def wait(self) -> Callable[[float], None]:
        return self.reach.wait

    @property
    def renew(self) -> Callable[[], None]:
        return self.reach.renew

    @property
    def where(self) -> Where:
        return self.task.where

    def find(self, name: str, folder: str) -> Path:
        """A file that the task names, in Ansible's search order."""
        return self.context.find(name, folder, self.where)
