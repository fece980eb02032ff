"""The chain that a server really serves comes as it is, whoever has signed it; what is
no TLS is an error."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from mooring.certificates.parse import parse_der
from mooring.errors import RegistryError
from mooring.registry.handshake import fetch_chain
from mooring.registry.transport import Endpoint
from tests.support.authority import NAME, Pair, authority, leaf

ENDPOINT = Endpoint(NAME, 443, "https")


def serve_once(folder: Path, served: list[Pair]) -> socket.socket:
    """The client's end of a connection whose other end shakes hands with these certificates."""
    (folder / "chain").write_text("".join(pair.pem for pair in served))
    (folder / "key").write_text(served[0].key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain", folder / "key")
    ours, theirs = socket.socketpair()

    def answer() -> None:
        try:
            with context.wrap_socket(theirs, server_side=True) as secured:
                secured.recv(1)
        except OSError:
            pass  # the client has what it wants and hangs up

    threading.Thread(target=answer, daemon=True).start()
    return ours


def test_the_whole_chain(tmp_path: Path) -> None:
    ca = authority()
    middle = authority("middle", ca)
    served = [leaf(middle, days=(-9, -1)), middle]
    chain = parse_der(fetch_chain(ENDPOINT, lambda: serve_once(tmp_path, served)))
    assert chain == [pair.certificate for pair in served]


def test_what_is_no_tls() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with theirs, pytest.raises(RegistryError, match=f"https://{NAME}: no TLS"):
        fetch_chain(ENDPOINT, lambda: ours)


def test_a_server_that_says_nothing() -> None:
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(RegistryError, match="not done within"):
        fetch_chain(ENDPOINT, lambda: ours, seconds=0.2)


def test_certificates_that_cannot_be_read() -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_der([b"\x30\x03\x02\x01\x01"])
