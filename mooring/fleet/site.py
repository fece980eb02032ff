"""Where a fleet is described and how it is reached: built once, by the command, and handed down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mooring.errors import UsageError
from mooring.inventory.inventory import Host, Inventory
from mooring.playbook.playbook import Play, Playbook
from mooring.project import Project
from mooring.run.action_files import check_action
from mooring.run.host_state import KnownHost
from mooring.run.options import Options
from mooring.run.play_scope import Batch, PlayScope
from mooring.templating.conversion import as_bool
from mooring.templating.variables import Precedence, Variables
from mooring.transport.connection.settings import RunOptions

SERVER, CLIENTS = "server", "clients"
SERVER_ROLE, CLIENT_ROLE = "nginx", "registry_client"
# A host is what its play makes of it: the role that tells, and what the host then is here.
KINDS = {SERVER_ROLE: SERVER, CLIENT_ROLE: CLIENTS}


@dataclass(frozen=True)
class Site:
    """The inventory (and its name, for messages), the plays that provision it, and
    the run's options."""

    name: str
    inventory: Inventory
    plays: tuple[Play, ...]
    options: Options
    connections: RunOptions
    project: Project = field(default_factory=Project)

    @classmethod
    def load(
        cls, inventory: Sequence[str], playbook: str, options: Options, connections: RunOptions, project: Project
    ) -> Site:
        """Read the files, a playbook of the project or of Mooring's; MooringError
        where they are wrong."""
        path = project.playbook(playbook)
        if not path.exists():
            raise UsageError(f"no playbook {path}")
        loaded = Inventory.load(inventory, project.folder_of(path))
        plays = Playbook.load(path, check_action, project).plays
        return cls(loaded.name, loaded, plays, options, connections, project)

    @classmethod
    def without_plays(cls, inventory: Sequence[str], options: Options, connections: RunOptions) -> Site:
        """The hosts as the inventory alone describes them."""
        loaded = Inventory.load(inventory)
        return cls(loaded.name, loaded, (), options, connections)

    def kinds(self) -> Iterator[tuple[str, Play]]:
        """The plays that make a host a server or a client, each with what it makes."""
        for play in self.plays:
            for role in play.roles:
                if role.name in KINDS:
                    yield KINDS[role.name], play

    def scope(self, play: Play, known: Mapping[str, KnownHost]) -> PlayScope:
        """A play as its hosts see it; `known` are all hosts, with the facts that
        were asked for so far."""
        names = tuple(host.name for host in self.inventory.match(play.hosts))
        return PlayScope(play, self.inventory, self.options, known, Batch(names, names))

    def chosen(self) -> set[str]:
        """The hosts that --limit leaves."""
        pattern = self.options.limit or "all"
        return {host.name for host in self.inventory.match_limit(pattern)}

    def host_variables(self, host: Host) -> Variables:
        """What the inventory and the command line say of a host; no play takes part."""
        magic = {
            "inventory_hostname": host.name,
            "inventory_hostname_short": host.name.split(".")[0],
            "group_names": list(host.group_names),
            "groups": self.inventory.group_members(),
            "inventory_dir": host.directory,
            "inventory_file": host.source,
        }
        layers = self.inventory.layers(host)
        precedence = Precedence(inventory=layers, extra_vars=[self.options.extra_vars], magic=[magic])
        return precedence.variables(self.inventory.templar)


def looking_user(variables: Mapping[str, Any], remote_user: str = "", become_user: str = "") -> str | None:
    """Whom a look becomes: root as in the playbooks, unless the inventory says otherwise or the
    login is root's.

    `remote_user` and `become_user` hold where the inventory names nobody.
    """
    becomes = variables.get("ansible_become", variables.get("ansible_user", remote_user) != "root")
    return str(variables.get("ansible_become_user") or become_user or "root") if as_bool(becomes) else None
