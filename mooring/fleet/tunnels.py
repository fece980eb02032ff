"""The way to a server's endpoint: through its own SSH connection, else straight."""

from __future__ import annotations

import socket
from collections.abc import Callable

from mooring.registry.transport import Endpoint
from mooring.templating.foreign import is_foreign
from mooring.transport.connection.process import Stream

# For the straight way.
SECONDS = 5.0


def open_stream(open_tunnel: Callable[[str, int], Stream], endpoint: Endpoint, address: str) -> Stream:
    """A stream to the endpoint as the server sees it; `open_tunnel` opens one over
    its SSH connection.

    Where its sshd forbids that, straight to the server's address, if it can be reached, and if it
    is the operator's word: a host sends nobody here to an address of its choice.
    """
    try:
        return open_tunnel(endpoint.host, endpoint.port)
    except PermissionError as error:
        address = address or endpoint.host
        if is_foreign(address):
            hint = "write registry_server_address without facts"
            raise OSError(f"{error}; and {address} is only the host's own word: {hint}") from None
        try:
            return socket.create_connection((address, endpoint.port), timeout=SECONDS)
        except OSError as direct:
            raise OSError(f"{error}; and it is not reached from here either: {direct}") from None
