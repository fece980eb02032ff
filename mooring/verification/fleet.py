"""The hosts under verification: found in the playbooks, with the variables that their plays give
them, connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mooring.errors import HostUnreachable
from mooring.fleet.connections import Connections, make_request
from mooring.fleet.senseless import SENSELESS, describe
from mooring.fleet.site import CLIENTS, SERVER, Site
from mooring.run.host_state import KnownHost
from mooring.run.play_scope import PlayScope
from mooring.run.time_limit import LOOK_SECONDS
from mooring.verification.member import Member


@dataclass
class Fleet:
    """The connected hosts. The servers are all here, since every proof needs one; `chosen`
    are to be checked.

    `server_variables` are those of all servers, also of those that are down.
    """

    site: Site
    members: dict[str, list[Member]] = field(default_factory=lambda: {SERVER: [], CLIENTS: []})
    unreachable: dict[str, str] = field(default_factory=dict)
    server_variables: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    warn: Callable[[str], None] = lambda text: None

    def __post_init__(self) -> None:
        self.chosen = self.site.chosen()
        self._connections = Connections(self.site)
        self._known = {host.name: KnownHost(host) for host in self.site.inventory.hosts.values()}

    def connect(self) -> None:
        """Connect to all hosts that are needed, many at a time."""
        workers = self._connections.reserve(len(self.order()), self.warn)
        for kind, play in self.site.kinds():
            scope = self.site.scope(play, self._known)
            wanted = [name for name in scope.batch.hosts if kind == SERVER or name in self.chosen]
            members = workers.do(partial(self._connect, kind, scope), wanted)
            self.members[kind] += [member for member in members if member is not None]

    def order(self) -> list[str]:
        """All hosts that have a part in this, in the order of their plays."""
        names = [host.name for _, play in self.site.kinds() for host in self.site.inventory.match(play.hosts)]
        return list(dict.fromkeys(names))

    def names_to_check(self) -> list[str]:
        """The hosts that --limit leaves, also those that are down."""
        return [name for name in self.order() if name in self.chosen]

    def to_check(self, kind: str) -> list[Member]:
        """The members of a kind that --limit leaves."""
        return [member for member in self.members[kind] if member.name in self.chosen]

    def abort(self) -> None:
        """Drop all connections; whoever pressed Ctrl-C does not wait for their end."""
        self._connections.abort()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._connections.__exit__(kind, *rest)

    def _connect(self, kind: str, scope: PlayScope, name: str) -> Member | None:
        if name in self.unreachable:
            return None
        host, session = self._known[name], self._connections.session(name)
        bare = scope.host_variables(host)
        if kind == SERVER:
            self.server_variables[name] = bare  # told even where the host is down: clients' routes follow from it
        try:
            user = scope.become_user(scope.play, bare)
            if not host.facts["ansible_facts"]:
                reply = session.call(bare, user, make_request("setup", {}, LOOK_SECONDS))
                host.learn(reply.get("ansible_facts") or {}, "setup", bare)
        except HostUnreachable as error:
            self.unreachable[name] = str(error)
            return None
        except SENSELESS as error:
            self.unreachable[name] = describe(error)
            return None
        variables = scope.host_variables(host)
        if kind == SERVER:
            self.server_variables[name] = variables

        def send(request: Mapping[str, Any]) -> Mapping[str, Any]:
            try:
                return session.call(variables, user, request)
            finally:
                if kind != SERVER:  # tunnels go through the servers' connections
                    self._connections.rest(name)

        self._connections.rest(name)
        return Member(name, variables, send, session.open_tunnel, session.renew)
