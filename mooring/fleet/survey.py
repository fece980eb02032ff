"""Looking at many hosts at once: each with the variables that its play gives it, as the user that
its play becomes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mooring.errors import HostUnreachable, MooringError, TemplateError, UsageError
from mooring.fleet.connections import Connections, make_request
from mooring.fleet.senseless import SENSELESS, describe
from mooring.fleet.site import KINDS, Site, looking_user
from mooring.fleet.tunnels import open_stream
from mooring.fleet.wanted_groups import require_groups
from mooring.inventory.inventory import Host
from mooring.playbook.playbook import Play
from mooring.playbook.tasks import Context
from mooring.registry.transport import Endpoint
from mooring.run.host_state import KnownHost
from mooring.templating.variables import Variables
from mooring.transport.connection.process import Stream
from mooring.transport.reply_texts import checked
from mooring.transport.request import Content
from mooring.transport.session import Session

PATIENCE = 60.0
Found = TypeVar("Found")
# How many hosts are done, of how many, and which are being looked at.
Tell = Callable[[int, int, Sequence[str]], None]


class LookFailed(MooringError):
    """The host was reached, but could not be looked at; the message is its own,
    `reply` the whole answer."""

    exit_status = 2

    def __init__(self, reply: Mapping[str, Any]) -> None:
        super().__init__(str(reply.get("msg") or reply.get("stderr") or "failed without a reason"))
        self.reply = reply


@dataclass(frozen=True)
class FleetHost:
    """One host to look at; `roles` are the variables that hold in the play of
    each role that it has."""

    name: str
    roles: Mapping[str, Mapping[str, Any]]
    variables: Variables
    user: str | None
    session: Session
    contexts: Mapping[str, Context] = field(default_factory=dict)

    def find(self, role: str, name: str) -> Path:
        """A file of the control machine that a role names, as its tasks find it."""
        return self.contexts[role].find(name, "files", None)

    def call(self, module: str, **args: Any) -> Mapping[str, Any]:
        """Run a module there and return its reply; LookFailed where it fails,
        HostUnreachable where it is down."""
        return _judge(self.session.call(self.variables, self.user, make_request(module, args, PATIENCE)))

    def work(
        self,
        module: str,
        args: Mapping[str, Any],
        tell: Callable[[int, int], None] = lambda done, total: None,
        content: Content | None = None,
    ) -> Mapping[str, Any]:
        """Run a module that may take any time, with bytes for it perhaps; `tell` gets its progress.
        Else as `call`."""

        def progress(activity: str, done: int, total: int) -> None:
            tell(done, total)

        request = make_request(module, args, None)
        return _judge(self.session.call(self.variables, self.user, request, content, progress))

    def open_tunnel(self, host: str, port: int) -> Stream:
        """A stream to an address as the host sees it; it must have been called before."""
        return self.session.open_tunnel(host, port)

    def open_stream(self, endpoint: Endpoint, address: str) -> Stream:
        """A tunnel to a server's endpoint; where its sshd forbids that, straight to its address."""
        return open_stream(self.open_tunnel, endpoint, address)


@dataclass(frozen=True)
class Lost:
    """A host that could not be reached, or not be looked at; `reply` is what it answered."""

    reason: str
    is_unreachable: bool
    reply: Mapping[str, Any] = field(default_factory=dict)


class Survey:
    """The hosts that `pattern` and --limit mean; without both those that the playbook makes
    server or clients."""

    def __init__(
        self,
        site: Site,
        pattern: str = "",
        warn: Callable[[str], None] = lambda text: None,
        tell: Tell = lambda done, total, waiting: None,
    ) -> None:
        self._warn, self._site, self._options = warn, site, site.options
        self._tell, self._lock, self._waiting, self._done = tell, threading.Lock(), list[str](), 0
        self.inventory = site.inventory
        self._connections = Connections(site)
        self._plays = [play for play in site.plays if _names(play) & set(KINDS)]
        self.hosts = self._choose(pattern)
        known = {host.name: KnownHost(host) for host in [*self.inventory.hosts.values(), *self.hosts]}
        self._scopes = [site.scope(play, known) for play in self._plays]
        self.fleet_hosts = [self._prepare(known[host.name]) for host in self.hosts]

    def look(self, at: Callable[[FleetHost], Found]) -> dict[str, Found | Lost]:
        """Do something on all hosts, many at a time; one in trouble is an answer too."""
        workers = self._connections.reserve(len(self.fleet_hosts), self._warn, keeps=False)
        self._done = 0
        outcomes = workers.do(partial(self._look, at), self.fleet_hosts)
        return {host.name: outcome for host, outcome in zip(self.fleet_hosts, outcomes, strict=True)}

    def _look(self, at: Callable[[FleetHost], Found], host: FleetHost) -> Found | Lost:
        self._count(self._waiting.append, host.name, 0)
        try:
            return _look(at, host)
        finally:
            self._count(self._waiting.remove, host.name, 1)

    def _count(self, change: Callable[[str], None], name: str, done: int) -> None:
        with self._lock:
            change(name)
            self._done += done
            self._tell(self._done, len(self.fleet_hosts), tuple(self._waiting))

    def __enter__(self) -> Survey:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._connections.__exit__(kind, *rest)

    def _choose(self, pattern: str) -> list[Host]:
        if pattern or self._options.limit:
            hosts = self.inventory.match(pattern or "all", self._warn)
        else:
            require_groups(self.inventory, self._plays)
            hosts = [host for play in self._plays for host in self.inventory.match(play.hosts)]
        if self._options.limit:
            within = {host.name for host in self.inventory.match_limit(self._options.limit, self._warn)}
            hosts = [host for host in hosts if host.name in within]
        if not hosts:
            raise UsageError(f'no host of {self._site.name} is meant by "{pattern or self._options.limit}"')
        return list({host.name: host for host in hosts}.values())

    def _prepare(self, host: KnownHost) -> FleetHost:
        """The host as its plays see it; one that is in none has only the inventory's word, and
        root's rights."""
        roles, contexts = dict[str, Variables](), dict[str, Context]()
        scopes = [scope for scope in self._scopes if host.name in scope.batch.hosts]
        for scope in scopes:
            roles.update(dict.fromkeys(_names(scope.play), scope.host_variables(host)))
            contexts.update({role.name: replace(scope.play.context, role=role) for role in scope.play.roles})
        if scopes:
            variables = scopes[0].host_variables(host)
            user = scopes[0].become_user(scopes[0].play, variables)
        else:
            variables = self._site.host_variables(host.host)
            user = looking_user(variables, self._site.connections.remote_user, self._site.options.become_user)
        session = self._connections.session(host.name)
        try:
            session.settings(variables)
        except TemplateError as error:
            raise UsageError(f"{host.name}: {error}") from None
        return FleetHost(host.name, roles, variables, user, session, contexts)


def _look(at: Callable[[FleetHost], Found], host: FleetHost) -> Found | Lost:
    """What was found; whatever a host says that cannot be made sense of is this
    host's trouble alone."""
    try:
        return at(host)
    except SENSELESS as error:
        return Lost(describe(error), False)
    except HostUnreachable as error:
        return Lost(str(error), True)
    except LookFailed as error:
        return Lost(str(error), False, error.reply)
    except MooringError as error:
        return Lost(str(error), False)
    finally:
        host.session.close()  # it was looked at: in a big fleet others need the descriptors


def _judge(answer: dict[str, Any]) -> Mapping[str, Any]:
    """The reply; LookFailed where the module failed."""
    reply = checked(answer)
    if reply.get("failed"):
        raise LookFailed(reply)
    return reply


def _names(play: Play) -> set[str]:
    return {role.name for role in play.roles}
