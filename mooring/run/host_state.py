"""What a run knows of one host: its facts and variables so far, what it was notified of,
and how it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mooring.inventory.inventory import Host
from mooring.playbook import arguments
from mooring.playbook.tasks import Task
from mooring.templating.foreign import mark
from mooring.templating.variables import Variables, is_connecting
from mooring.transport.session import Session

NAMES_TOLD = 5


class HostStatus(Enum):
    """Whether the host goes on with the run."""

    ACTIVE = "active"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


@dataclass
class KnownHost:
    """A host and what it has told of itself: facts, included variables, set_fact and
    registered results."""

    host: Host
    facts: dict[str, Any] = field(default_factory=lambda: {"ansible_facts": {}}, init=False)
    included: dict[str, Any] = field(default_factory=dict, init=False)
    registered: dict[str, Any] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        return self.host.name

    def learn(self, facts: Mapping[str, Any], module: str, variables: Variables) -> str:
        """Keep the facts that a module found; returns a warning that names those that are not
        taken, "" for none.

        Facts are the host's word. They must not say how it is reached, and a name without
        `ansible_` counts only where the module declares it (FACTS) and none of the
        operator's files defines it.
        """
        own, declared = variables.operators(), arguments.find(module, None).facts
        taken = {mark(name): mark(value) for name, value in facts.items() if _is_fact(name, declared, own)}
        self.facts.update(taken)
        self.facts["ansible_facts"].update({name.removeprefix("ansible_"): value for name, value in taken.items()})
        dropped = sorted(facts.keys() - taken.keys())
        if not dropped:
            return ""
        names = ", ".join(dropped[:NAMES_TOLD])
        more = f" and {len(dropped) - NAMES_TOLD} more" if len(dropped) > NAMES_TOLD else ""
        return f"facts ignored: {names}{more}; a host does not set connection settings or the operator's variables"


@dataclass
class HostState(KnownHost):
    """One host during a run; only the host's own thread changes it.

    `notified` are the positions of the play's handlers that are to run, `roles` the uses of its
    roles in which a task has run, `task` is what the host is at.
    """

    session: Session
    status: HostStatus = field(default=HostStatus.ACTIVE, init=False)
    notified: set[int] = field(default_factory=set, init=False)
    roles: set[int] = field(default_factory=set, init=False)
    task: Task | None = field(default=None, init=False)

    @property
    def is_active(self) -> bool:
        return self.status is HostStatus.ACTIVE

    @property
    def is_untouched(self) -> bool:
        """Whether the host was out of reach from the start, so that nothing was changed on it."""
        return self.status is HostStatus.UNREACHABLE and not self.session.was_reached


def _is_fact(name: str, declared: Collection[str], own: Variables) -> bool:
    if name.startswith("ansible_"):
        return name != "ansible_facts" and not is_connecting(name)
    return name in declared and name not in own
