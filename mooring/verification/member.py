"""One host under verification: its variables, its agent, and what it said once and
is not asked again."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from testinfra.host import Host  # type: ignore[import-untyped]

from mooring.errors import HostUnreachable, OutOfTime
from mooring.fleet.connections import make_request
from mooring.registry.transport import Endpoint
from mooring.transport.connection.process import Stream
from mooring.verification.backend import AgentBackend, CheckFailed, Ran
from mooring.verification.engines import engine_of
from mooring.verification.engines.engine import Engine

PATIENCE = 300.0


@dataclass
class Member:
    """A connected host; not for several threads at once.

    `send` sends the request to run a module and returns its reply; `open_tunnel` opens a stream to
    an address as the host sees it, over its own connection. `abort` ends what runs there, from any
    thread; the next call connects anew. A host that once let the time of a request pass is not
    asked again: each further question would last as long.
    """

    name: str
    variables: Mapping[str, Any]
    send: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(repr=False)
    open_tunnel: Callable[[str, int], Stream] = field(repr=False)
    abort: Callable[[], None] = field(default=lambda: None, repr=False)
    _silence: str = field(default="", init=False, repr=False)
    _probes: dict[Any, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def host(self) -> Host:
        """The host in testinfra's words, over the agent."""
        backend = AgentBackend(self.name, self.run_line)
        host = Host(backend)
        backend.set_host(host)
        return host

    def call(self, module: str, **args: Any) -> Mapping[str, Any]:
        """Run a module on the host; CheckFailed when it fails."""
        reply = self._ask(module, args)
        if reply.get("failed"):
            raise CheckFailed(f"{self.name}: {reply.get('msg') or reply.get('stderr') or 'failed'}")
        return reply

    def _ask(self, module: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._silence:
            raise HostUnreachable(self._silence)
        try:
            return self.send(make_request(module, args, PATIENCE))
        except OutOfTime as error:
            self._silence = str(error)
            raise

    def run_line(self, line: str) -> Ran:
        """Run a shell line; its status is the caller's to judge."""
        reply = self._ask("shell", {"cmd": line})
        if not isinstance(reply.get("rc"), int):
            raise CheckFailed(f"{self.name}: {line}: {reply.get('msg')}")
        return Ran(int(reply["rc"]), reply.get("stdout") or "", reply.get("stderr") or "")

    def run(self, *words: str) -> Ran:
        """Run a program with these arguments."""
        return self.run_line(shlex.join(words))

    def probe(self, endpoint: Endpoint, **args: Any) -> Mapping[str, Any]:
        """How far this host comes towards a registry; asked once for each endpoint."""
        key = (endpoint, *sorted(args.items()))
        if key not in self._probes:
            self._probes[key] = self.call(
                "registry_probe", host=endpoint.host, port=endpoint.port, scheme=endpoint.scheme, **args
            )
        return self._probes[key]

    @functools.cached_property
    def engine(self) -> Engine:
        """The engine that is to use the registry here."""
        return engine_of(self)
