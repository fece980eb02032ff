"""Kept-alive connections to several servers, shared by threads: each is lent to one
of them at a time."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mooring.registry.sockets import dial
from mooring.registry.transport import Endpoint, HttpTransport
from mooring.transport.connection.process import Stream

# Opens a stream to a host and port: from this machine, or as a host of the fleet sees them.
Dial = Callable[[str, int], Stream]


class Pool:
    """Lends connections that `dial` opens; `context` judges the certificates of
    https, None judges none."""

    def __init__(self, dial: Dial = dial, context: ssl.SSLContext | None = None) -> None:
        self._dial, self._context = dial, context
        self._idle: dict[Endpoint, list[HttpTransport]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def lend(self, endpoint: Endpoint) -> Iterator[HttpTransport]:
        """A connection to the endpoint, this thread's own within the `with`."""
        with self._lock:
            idle = self._idle.setdefault(endpoint, [])
            transport = idle.pop() if idle else None
        if transport is None:
            transport = HttpTransport(endpoint, lambda: self._dial(endpoint.host, endpoint.port), context=self._context)
        try:
            yield transport
        finally:
            with self._lock:
                self._idle[endpoint].append(transport)

    def close(self) -> None:
        """Close the connections that nobody has."""
        with self._lock:
            idle = [transport for transports in self._idle.values() for transport in transports]
            self._idle.clear()
        for transport in idle:
            transport.close()
