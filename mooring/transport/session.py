"""One host during a run: its connection, opened at first need, and one agent for each user that
tasks become."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring.deadline import Deadline
from mooring.errors import Interrupted, OutOfTime
from mooring.templating.variables import Variables
from mooring.transport import reply_shapes
from mooring.transport.agent_client import START_SECONDS, OnQuiet, Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection import open_connection
from mooring.transport.connection.process import Connection, Stream
from mooring.transport.connection.settings import ConnectionSettings, RunOptions
from mooring.transport.request import Content, OnProgress

# How long the end of broken-off connections is waited for: what hangs is left to itself.
ABORT_SECONDS = 0.5


@dataclass
class Session:
    """The way to one host; `options` is what the command line says of all connections.

    One thread works with it; only `abort` may come from another one, at any moment. `was_reached`
    says that an agent was started on the host during this run, though it may be gone by now;
    `on_quiet` is told when it does not answer.
    """

    host: str
    bundle: Bundle
    options: RunOptions
    was_reached: bool = field(default=False, init=False)
    on_quiet: OnQuiet | None = field(default=None, init=False)
    _connection: Connection | None = field(default=None, init=False)
    _remotes: dict[str | None, Remote] = field(default_factory=dict, init=False)
    _is_aborted: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def call(
        self,
        variables: Variables,
        user: str | None,
        request: Mapping[str, Any],
        content: Content | None = None,
        on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:
        """Run a module on the host as `user` (None: the login user); raises
        HostUnreachable with the reason.

        After OutOfTime the agent is ended, with what it still did, and the next
        call starts a new one.
        """
        remote = self.remote(variables, user)
        remote.on_quiet = self.on_quiet
        try:
            reply = remote.call(**request, content=content, on_progress=on_progress)
        except OutOfTime:
            self._remotes.pop(user, None)
            raise
        reply_shapes.require(request["module"], reply)
        return reply

    def settings(self, variables: Variables) -> ConnectionSettings:
        """How the host is reached: the operator's word alone; InventoryError where it asks for what
        we cannot do."""
        return ConnectionSettings.from_variables(self.host, variables.operators(), self.options)

    def remote(self, variables: Variables, user: str | None) -> Remote:
        """The agent that runs as that user, started at first need."""
        if user not in self._remotes:
            settings, deadline = self.settings(variables), Deadline(START_SECONDS)
            connection = self._connection or self._keep(open_connection(settings, deadline, self.options.keys))
            become = settings.become_as(user) if user else None
            self._remotes[user] = Remote.start(connection, self.bundle, become, settings.interpreter, deadline)
            self.was_reached = True
            if self._is_aborted:
                connection.close()
                raise Interrupted("the run was interrupted")
        return self._remotes[user]

    def _keep(self, connection: Connection) -> Connection:
        """Remember a new connection, unless the run was broken off while it was being made."""
        with self._lock:
            if not self._is_aborted:
                self._connection = connection
                return connection
        connection.close()
        raise Interrupted("the run was interrupted")

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def open_tunnel(self, host: str, port: int) -> Stream:
        """A stream to an address as this host sees it, over the open connection;
        OSError says why not."""
        if self._connection is None:
            raise ConnectionError(f"not connected to {self.host}")
        return self._connection.open_tunnel(host, port)

    def renew(self) -> None:
        """Drop what is left of a lost connection; the next call opens a new one."""
        self._remotes = {}
        self._drop()

    def close(self) -> None:
        """End the agents, then the connection."""
        remotes, self._remotes = self._remotes, {}
        for remote in remotes.values():
            remote.close()
        self._drop()

    def abort(self) -> None:
        """Drop the connection at once and for good; the agents on it end with all that they run.
        From any thread."""
        with self._lock:
            self._is_aborted = True
        self._drop()

    def _drop(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
