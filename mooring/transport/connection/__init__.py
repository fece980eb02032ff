"""Ways to a host: SSH by paramiko, which is imported only in this package, and the local
machine."""

from __future__ import annotations

from mooring.deadline import Deadline
from mooring.transport.connection.become import Become
from mooring.transport.connection.keys import KeyStore
from mooring.transport.connection.local import LocalConnection
from mooring.transport.connection.process import Connection, Process
from mooring.transport.connection.settings import ConnectionSettings, Keys, Passwords, RunOptions
from mooring.transport.connection.ssh import SshConnection

__all__ = [
    "Become",
    "Connection",
    "ConnectionSettings",
    "KeyStore",
    "Keys",
    "Passwords",
    "Process",
    "RunOptions",
    "open_connection",
]


def open_connection(
    settings: ConnectionSettings, deadline: Deadline | None = None, keys: Keys | None = None
) -> Connection:
    """Connect to a host and log in before the deadline; HostUnreachable and its kin say why not.

    `keys` are those that all connections of a run share.
    """
    if settings.kind == "local":
        return LocalConnection()
    return SshConnection.open(settings, deadline or Deadline(None), keys or Keys())
