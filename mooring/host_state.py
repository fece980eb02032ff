"""What a run knows of one host: its facts and variables so far, what it was notified of, and how it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mooring.blocks import Task
from mooring.inventory import Host
from mooring.session import Session

# Facts come from the host; they must not say how, or as whom, the host is reached.
CONNECTING = re.compile(
    r"ansible_(become|connection|host$|port$|user$|password$|ssh_|private_key|timeout$|python_interpreter$)"
)


class Standing(Enum):
    """Whether the host goes on with the run."""

    ACTIVE = "active"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


@dataclass
class HostState:
    """One host during a run; only the host's own thread changes it.

    `notified` are the positions of the play's handlers that are to run, `roles` the uses of its roles in which a
    task has run, `task` is what the host is at.
    """

    host: Host
    session: Session
    standing: Standing = Standing.ACTIVE
    facts: dict[str, Any] = field(default_factory=dict)
    included: dict[str, Any] = field(default_factory=dict)
    registered: dict[str, Any] = field(default_factory=dict)
    notified: set[int] = field(default_factory=set)
    roles: set[int] = field(default_factory=set)
    task: Task | None = None

    @property
    def name(self) -> str:
        return self.host.name

    @property
    def is_active(self) -> bool:
        return self.standing is Standing.ACTIVE

    @property
    def is_untouched(self) -> bool:
        """Whether the host was out of reach from the start, so that nothing was changed on it."""
        return self.standing is Standing.UNREACHABLE and not self.session.was_reached

    def learn(self, values: Mapping[str, Any], action: str) -> None:
        """Keep what a task's result says about the host: facts, set_fact's variables, include_vars' ones."""
        facts = values.get("ansible_facts")
        if action == "set_fact":
            self.registered.update(facts or {})
        elif facts:
            facts = {name: value for name, value in facts.items() if not CONNECTING.match(name)}
            self.facts.update(facts)
            known = self.facts.setdefault("ansible_facts", {})
            known.update({name.removeprefix("ansible_"): value for name, value in facts.items()})
        self.included.update(values.get("included_variables") or {})
