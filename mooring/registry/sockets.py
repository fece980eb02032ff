"""Byte streams as sockets: what HTTP and TLS of the standard library want to have below them."""

from __future__ import annotations

import socket
import threading

from mooring.transport.connection.process import Stream

DIAL_SECONDS = 60.0
_CHUNK = 64 * 1024


def dial(host: str, port: int) -> socket.socket:
    """A connection from this machine."""
    connection = socket.create_connection((host, port), timeout=DIAL_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def join_socket(stream: Stream) -> socket.socket:
    """A real socket whose other end is `stream`; two threads carry the bytes and end with it.

    http.client and ssl both want a socket that outlives its `close` while a response is being read.
    """
    near, far = socket.socketpair()
    for source, target in ((far, stream), (stream, far)):
        threading.Thread(target=_carry, args=(source, target), daemon=True).start()
    return near


def _carry(source: Stream, target: Stream) -> None:
    try:
        while data := source.recv(_CHUNK):
            target.sendall(data)
    except OSError:
        pass  # either side is gone: the reader of the other one sees its end
    finally:
        source.close()
        target.close()
