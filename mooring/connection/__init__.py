"""Ways to a host: SSH by paramiko, which is imported only in this package, and the local machine."""

from __future__ import annotations

from mooring.connection.become import Become
from mooring.connection.keys import KeyStore
from mooring.connection.local import LocalConnection
from mooring.connection.process import Connection, Process
from mooring.connection.settings import ConnectionSettings, RunOptions
from mooring.connection.ssh import SshConnection
from mooring.deadline import Deadline

__all__ = [
    "Become",
    "Connection",
    "ConnectionSettings",
    "KeyStore",
    "Process",
    "RunOptions",
    "open_connection",
]


def open_connection(settings: ConnectionSettings, deadline: Deadline | None = None) -> Connection:
    """Connect to a host and log in before the deadline; HostUnreachable and its kin say why not."""
    if settings.kind == "local":
        return LocalConnection()
    return SshConnection.open(settings, deadline or Deadline(None))
