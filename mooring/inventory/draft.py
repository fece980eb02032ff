"""What inventories say, before memberships are worked out; sources fill one Draft in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mooring.errors import InventoryError, Where
from mooring.inventory import patterns
from mooring.source import Node

# How often hosts may be named in groups, all in all.
MAX_MEMBERS = 1_000_000


@dataclass
class DraftGroup:
    """A group as far as it was read; `priority` is ansible_group_priority, `children` says where
    each is named."""

    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, Node | Where | None] = field(default_factory=dict)
    vars: dict[str, Any] = field(default_factory=dict)
    priority: int = 1

    def update_vars(self, values: dict[str, Any], where: Where | None) -> None:
        """Set variables of the group; one of them is its priority."""
        priority = values.pop("ansible_group_priority", self.priority)
        try:
            self.priority = int(priority)
        except (TypeError, ValueError, OverflowError):
            raise InventoryError(f"ansible_group_priority must be a number, not {priority!r}", where) from None
        self.vars.update(values)


@dataclass
class Draft:
    """The groups and hosts' variables as they are written, in the order in which
    they are first named.

    `source` is the file that is being read, None for a list; `sources` says where each host was
    first named.
    """

    groups: dict[str, DraftGroup] = field(default_factory=lambda: {"all": DraftGroup(), "ungrouped": DraftGroup()})
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, str | None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    source: str | None = None
    members: int = 0

    def add_group(self, name: str) -> DraftGroup:
        """The group of that name, which may be new."""
        return self.groups.setdefault(name, DraftGroup())

    def add_host(self, name: str, port: int | None, group: DraftGroup | None, values: dict[str, Any]) -> None:
        """Put a host into a group; PatternError where these are far too many, or the
        name cannot be one."""
        if name not in self.hosts:
            if problem := find_problem(name):
                raise patterns.PatternError(problem)
            # As in Ansible a port that is given with the name counts where the host is named first.
            self.hosts[name] = {"ansible_port": port} if port else {}
            self.sources[name] = self.source
        self.hosts[name].update(values)
        if group is not None:
            group.hosts[name] = None
            self.members += 1
        if len(self.hosts) > patterns.MAX_HOSTS:
            raise patterns.PatternError(f"with {name} the inventory has more than {patterns.MAX_HOSTS:,} hosts")
        if self.members > MAX_MEMBERS:
            raise patterns.PatternError(f"with {name} the groups name hosts more than {MAX_MEMBERS:,} times")

    def order(self) -> list[str]:
        """The groups, each before its children; InventoryError where one is within itself."""
        done: dict[str, None] = {}
        for top in self.groups:
            path = {top: iter(self.groups[top].children)} if top not in done else {}
            while path:
                name = next(reversed(path))
                child = next((child for child in path[name] if child not in done), None)
                if child is None:
                    path.popitem()
                    done[name] = None
                elif child in path:
                    place = self.groups[name].children[child]
                    message = f'group "{child}" is within itself, by way of "{name}"'
                    raise InventoryError(message, place.where if isinstance(place, Node) else place)
                else:
                    path[child] = iter(self.groups[child].children)
        return list(reversed(done))


def find_problem(name: str) -> str:
    """Why a host cannot have this name, "" where it can."""
    if not name.strip():
        return "a host needs a name"
    if " " in name or "," in name or not name.isprintable():
        return f'"{name}" cannot be the name of a host'
    return ""
