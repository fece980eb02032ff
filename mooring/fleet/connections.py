"""The connections to a fleet that is looked at: each opened when it is first needed, all closed or
dropped together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mooring.fleet.site import Site
from mooring.fleet.workers import Workers, let_all
from mooring.playbook import arguments
from mooring.transport.bundle import Bundle
from mooring.transport.descriptors import Room, make_room
from mooring.transport.session import ABORT_SECONDS, Session


class Connections:
    """Owns the sessions of a site's hosts. At the end of `with` they are closed; after Ctrl-C
    nobody waits for that."""

    def __init__(self, site: Site) -> None:
        self._options, self._connecting = site.options, site.connections
        self._bundle = Bundle()
        self._room = Room(site.options.forks)
        self._sessions: dict[str, Session] = {}

    def reserve(self, hosts: int, warn: Callable[[str], None], keeps: bool = True) -> Workers:
        """Make room for so many hosts, and return the workers for them; `keeps` says that
        they stay connected."""
        self._room = make_room(hosts, self._options.forks, warn, keeps)
        return Workers(self._room.forks)

    def session(self, name: str) -> Session:
        """The way to a host; nothing is opened before the first call."""
        return self._sessions.setdefault(name, Session(name, self._bundle, self._connecting))

    def rest(self, name: str) -> None:
        """A host is not needed at the moment: its connection stays open, unless more
        are open than may be."""
        if self._room.is_over(sum(session.is_open for session in list(self._sessions.values()))):
            self._sessions[name].close()

    def close(self) -> None:
        """End all agents and connections."""
        opened = [session for session in self._sessions.values() if session.is_open]
        Workers(self._options.forks).do(Session.close, opened)

    def abort(self) -> None:
        """Drop all connections; whoever pressed Ctrl-C does not wait for their end."""
        let_all((session.abort for session in self._sessions.values()), ABORT_SECONDS)

    def __enter__(self) -> Connections:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is KeyboardInterrupt:
            self.abort()
        else:
            self.close()


def make_request(module: str, args: Mapping[str, Any], seconds: float | None) -> dict[str, Any]:
    """A session's request to run a module: its arguments complete, and how long it may
    take (None: any time)."""
    signature = arguments.find_module(module)
    return {"module": signature.name, "args": arguments.normalize(signature, args, None), "timeout": seconds}
