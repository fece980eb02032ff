"""The hosts under verification: found in the playbooks, with the variables that their plays give them, connected."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mooring.errors import HostUnreachable
from mooring.fleet.senseless import SENSELESS, describe
from mooring.fleet.site import CLIENTS, SERVER, Site
from mooring.fleet.workers import Workers, let_all
from mooring.playbook import arguments
from mooring.playbook.playbook import Play
from mooring.run.host_state import HostState
from mooring.run.play_run import PlayRun
from mooring.run.time_limit import LOOK_SECONDS
from mooring.transport.bundle import Bundle
from mooring.transport.descriptors import Room, make_room
from mooring.transport.session import ABORT_SECONDS, Session
from mooring.verification.member import Member


@dataclass
class Fleet:
    """The connected hosts. The servers are all here, since every proof needs one; `chosen` are to be checked.

    `server_variables` are those of all servers, also of those that are down.
    """

    site: Site
    members: dict[str, list[Member]] = field(default_factory=lambda: {SERVER: [], CLIENTS: []})
    unreachable: dict[str, str] = field(default_factory=dict)
    server_variables: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    warn: Callable[[str], None] = lambda text: None

    def __post_init__(self) -> None:
        bundle = Bundle()
        self.chosen = self.site.chosen()
        self._states: Mapping[str, HostState] = {
            host.name: HostState(host, Session(host.name, bundle, self.site.connections))
            for host in self.site.inventory.hosts.values()
        }
        self._room = Room(self.site.options.forks)

    def connect(self) -> None:
        """Connect to all hosts that are needed, many at a time."""
        self._room = make_room(len(self.order()), self.site.options.forks, self.warn)
        for kind, play in self.site.kinds():
            hosts = [host.name for host in self.site.inventory.match(play.hosts)]
            wanted = [name for name in hosts if kind == SERVER or name in self.chosen]
            run = self._run(play, wanted)
            found = Workers(self._room.forks).do(partial(self._connect, kind, run), wanted)
            self.members[kind] += [member for member in found if member is not None]

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

    def close(self) -> None:
        """End all agents and connections."""
        opened = [state.session for state in self._states.values() if state.session.is_open]
        Workers(self.site.options.forks).do(Session.close, opened)

    def abort(self) -> None:
        """Drop all connections; whoever pressed Ctrl-C does not wait for their end."""
        let_all((state.session.abort for state in self._states.values()), ABORT_SECONDS)

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is KeyboardInterrupt:
            self.abort()
        else:
            self.close()

    def _run(self, play: Play, hosts: Sequence[str]) -> PlayRun:
        names = tuple(hosts)
        return PlayRun(
            play, self.site.inventory, self.site.options, self._states, names, names,
            lambda event: None, self._room.slots, threading.Event(), self._room.kept,
        )  # fmt: skip

    def _connect(self, kind: str, run: PlayRun, name: str) -> Member | None:
        if name in self.unreachable:
            return None
        state = self._states[name]
        bare = run.host_variables(state)
        if kind == SERVER:
            self.server_variables[name] = bare  # told even where the host is down: clients' routes follow from it
        try:
            user = run.become_user(run.play, bare)
            if not state.facts["ansible_facts"]:
                args = arguments.normalize(arguments.find("setup", None), {}, None)
                request = {"module": "setup", "args": args, "timeout": LOOK_SECONDS}
                reply = state.session.call(bare, user, request)
                state.learn(reply.get("ansible_facts") or {}, "setup", bare)
        except HostUnreachable as error:
            self.unreachable[name] = str(error)
            return None
        except SENSELESS as error:
            self.unreachable[name] = describe(error)
            return None
        variables = run.host_variables(state)
        if kind == SERVER:
            self.server_variables[name] = variables

        def send(module: str, args: Mapping[str, Any], timeout: float) -> Mapping[str, Any]:
            request = {"module": module, "args": args, "timeout": timeout}
            try:
                return state.session.call(variables, user, request)
            finally:
                if kind != SERVER:  # tunnels go through the servers' connections
                    run.rest(state)

        run.rest(state)
        return Member(name, variables, send, state.session.open_tunnel, state.session.renew)
