"""The certificates that a registry really serves: a TLS handshake of which nothing is believed."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

from mooring.agent.bounded import BoundedSocket, Bounds
from mooring.errors import RegistryError
from mooring.registry.sockets import join_socket
from mooring.registry.transport import NO_ANSWER, Endpoint
from mooring.transport.connection.process import Stream

SECONDS = 20.0
_DER = 2  # _ssl.ENCODING_DER


def fetch_chain(endpoint: Endpoint, open_stream: Callable[[], Stream], seconds: float = SECONDS) -> list[bytes]:
    """What is served to who asks for the endpoint's host, in DER, the server's own first;
    RegistryError for none."""
    stream: Stream | None = None
    try:
        stream = open_stream()
        plain = stream if isinstance(stream, socket.socket) else join_socket(stream)
        secured = _context().wrap_socket(plain, server_hostname=endpoint.host, do_handshake_on_connect=False)
        with secured:
            bounds = Bounds()
            bounds.begin(seconds)
            BoundedSocket(secured, bounds).shake_hands()
            return _served(secured)
    except NO_ANSWER as error:
        raise RegistryError("TLS", f"{endpoint.url}: no TLS: {error}") from None
    finally:
        if stream is not None:
            stream.close()


def _context() -> ssl.SSLContext:
    """Verifies nothing, and takes the short keys and hashes of old certificates, to be judged by
    their clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _served(secured: ssl.SSLSocket) -> list[bytes]:
    """The chain as it came. Python has a public name for it from 3.13 on, and a private one
    before."""
    public: Any = getattr(secured, "get_unverified_chain", None)
    if public is not None:
        return list(public())
    private: Any = getattr(secured, "_sslobj", None)
    return [certificate.public_bytes(_DER) for certificate in private.get_unverified_chain() or ()]
