"""The fleet: hosts, the groups they are in, their variables, and what a host pattern means."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mooring.errors import SourceError, UsageError, on_one_line
from mooring.files.reading import many_objects, read_text
from mooring.inventory import patterns
from mooring.inventory.draft import Draft
from mooring.inventory.group_vars import load_folder
from mooring.inventory.patterns import Pattern, PatternError
from mooring.inventory.sources import find_place, read_sources
from mooring.source import did_you_mean
from mooring.templating.templar import Templar

_Files = dict[str, dict[str, Any]]
LOCALHOST = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Host:
    """A host; `group_names` are all groups that it is in but `all`, `vars` what the inventory says
    of it alone.

    `source` is the file that named it first, None for one of a list.
    """

    name: str
    group_names: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict, compare=False)
    source: str | None = None

    @property
    def directory(self) -> str | None:
        """The directory of the source."""
        return os.path.dirname(self.source) if self.source else None


@dataclass(frozen=True)
class Group:
    """A group; `hosts` and `children` are those named in it, `depth` counts the longest
    way down from `all`."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict, compare=False)
    depth: int = 0
    priority: int = 1


Warn = Callable[[str], None]


@dataclass(frozen=True)
class Inventory:
    """All hosts and groups.

    `sources` are as the operator named them, `places` the directories in which group_vars/ and
    host_vars/ stand: the sources' in their order, then the playbook's.
    """

    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]
    sources: tuple[str, ...] = ()
    places: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    templar: Templar = field(default_factory=Templar, compare=False, repr=False)

    @classmethod
    def load(cls, sources: str | Sequence[str], playbook_dir: Path | None = None) -> Inventory:
        """Read files, directories, scripts and comma lists of hosts, of which later ones win.

        InventoryError with the place of the first mistake.
        """
        names = (sources,) if isinstance(sources, str) else tuple(sources)
        templar = Templar(playbook_dir)
        with many_objects():
            draft = read_sources(names, templar)
            places = _places(*map(find_place, names), playbook_dir)
            return _settle(draft, cls({}, {}, names, places, tuple(draft.warnings), templar))

    @property
    def name(self) -> str:
        """The sources, as messages name them."""
        return on_one_line(" and ".join(self.sources))

    def members(self, group: str) -> list[str]:
        """The hosts of a group and of the groups below it, each once."""
        order, level = {group: None}, dict.fromkeys(self.groups[group].children)
        while level:
            order.update(level)
            below = (child for name in level for child in self.groups[name].children)
            level = dict.fromkeys(child for child in below if child not in order)
        return list(dict.fromkeys(host for name in order for host in self.groups[name].hosts))

    def group_members(self) -> dict[str, list[str]]:
        """The magic variable `groups`."""
        return {name: self.members(name) for name in self.groups}

    # --- patterns ---

    def match(self, pattern: str | Sequence[str], warn: Warn | None = None) -> list[Host]:
        """The hosts that a pattern means, in the order of the pattern and then of the inventory.

        `warn` is told of parts that mean nothing at all, as in Ansible; without it these are a
        UsageError. `localhost` need not be in the inventory.
        """
        text = pattern if isinstance(pattern, str) else ",".join(pattern)
        chosen: dict[str, None] = {}
        try:
            for part in patterns.parse(text):
                names = self._find(part)
                if not names:
                    self._miss(part, warn)
                names = part.pick(names) if names else names
                if part.sign == "!":
                    chosen = {name: None for name in chosen if name not in names}
                elif part.sign == "&":
                    chosen = {name: None for name in chosen if name in names}
                else:
                    chosen.update(dict.fromkeys(names))
        except PatternError as error:
            raise UsageError(f'host pattern "{text}": {error}') from None
        return [self.host(name) for name in chosen]

    def match_limit(self, limit: str, warn: Warn | None = None) -> list[Host]:
        """The hosts of --limit: a pattern, whose parts may be `@FILE` with a pattern in each
        line."""
        parts: list[str] = []
        for part in patterns.split(limit):
            if not part.startswith("@"):
                parts.append(part)
                continue
            try:
                lines = read_text(part[1:], takes_pipe=True).removeprefix("\ufeff").splitlines()
            except SourceError as error:
                raise UsageError(f"--limit: {error}") from None
            parts += [line.strip() for line in lines if line.strip()]
        return self.match(parts, warn)

    def _find(self, part: Pattern) -> list[str]:
        if part.text in self.hosts and part.first is None:
            return [part.text]
        groups = part.names(self.groups)
        names = [host for group in groups for host in self.members(group)]
        if not groups or part.text.startswith("~") or any(mark in part.text for mark in ".?*["):
            names += part.names(self.hosts)
        if not names and part.text in LOCALHOST:
            return [part.text]
        return list(dict.fromkeys(names))

    def _miss(self, part: Pattern, warn: Warn | None) -> None:
        """Tell of a part that means no host, unless it is a group that has none."""
        if part.names(self.groups):
            return
        hint = did_you_mean(part.text, [*self.groups, *self.hosts])
        remedy = f" ({hint})" if hint else ""
        if warn is not None:
            warn(f'no host or group is "{part.text}": it is left out of the pattern{remedy}')
        elif part.is_literal or not part.sign:
            raise PatternError(f'no host or group is "{part.text}"{remedy}')

    def host(self, name: str) -> Host:
        """The host of that name; `localhost` is this machine where the inventory does not have
        it."""
        if name not in self.hosts and name in LOCALHOST:
            here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
            source = next((host.source for host in self.hosts.values() if host.source), None)
            return Host(name, (), here, source)
        return self.hosts[name]

    # --- variables ---

    def layers(self, host: Host) -> list[Mapping[str, Any]]:
        """The host's variables from the inventory, group_vars/ and host_vars/, the lowest first."""
        groups = sorted((self.groups[name] for name in host.group_names), key=_rank)
        group_files, host_files = self._files
        return [
            self.groups["all"].vars,
            *(group.vars for group in groups),
            *(files.get("all", {}) for files in group_files),
            *(files.get(group.name, {}) for files in group_files for group in groups),
            host.vars,
            *(files.get(host.name, {}) for files in host_files),
        ]

    @cached_property
    def _files(self) -> tuple[list[_Files], list[_Files]]:
        """What group_vars/ and host_vars/ of every place say of each group and each host."""
        names = {**self.hosts, **dict.fromkeys(LOCALHOST)}
        groups = [load_folder(place / "group_vars", self.groups, self.templar) for place in self.places]
        hosts = [load_folder(place / "host_vars", names, self.templar) for place in self.places]
        return groups, hosts


def _rank(group: Group) -> tuple[int, int, str]:
    return group.depth, group.priority, group.name


def _places(*directories: Path | None) -> tuple[Path, ...]:
    """Each directory once; the last one of two that are the same counts."""
    paths = [path.resolve() for path in directories if path is not None]
    return tuple(reversed(dict.fromkeys(reversed(paths))))


def _settle(draft: Draft, empty: Inventory) -> Inventory:
    """Work out membership: what is in no other group is in `all`, hosts of no group are
    `ungrouped`."""
    is_child = {child for group in draft.groups.values() for child in group.children}
    top, loose = draft.groups["all"], draft.groups["ungrouped"]
    others = [group for name, group in draft.groups.items() if name not in ("all", "ungrouped")]
    grouped = {host for group in others for host in group.hosts}
    loose.hosts = {host: None for host in (*loose.hosts, *draft.hosts) if host not in grouped}
    rest = [name for name in draft.groups if name not in ("all", "ungrouped") and name not in is_child]
    top.children = {"ungrouped": None, **top.children, **dict.fromkeys(rest)}
    depths = _depths(draft)
    groups = {
        name: Group(name, tuple(group.hosts), tuple(group.children), group.vars, depths[name], group.priority)
        for name, group in draft.groups.items()
    }
    known = replace(empty, groups=groups)
    of_host: dict[str, list[str]] = {name: [] for name in draft.hosts}
    for group in sorted(groups):
        for host in known.members(group) if group != "all" else ():
            of_host[host].append(group)
    hosts = {
        name: Host(name, tuple(of_host[name]), values, draft.sources[name]) for name, values in draft.hosts.items()
    }
    inventory = replace(empty, hosts=hosts, groups=groups)
    assert inventory._files is not None  # read now: a mistake in them is found before a host is touched
    return inventory


def _depths(draft: Draft) -> dict[str, int]:
    """The longest way from `all` to every group; there are no circles."""
    depths = dict.fromkeys(draft.groups, 0)
    for name in draft.order():
        for child in draft.groups[name].children:
            depths[child] = max(depths[child], depths[name] + 1)
    return depths
