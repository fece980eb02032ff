"""A server on loopback that gives everybody the same answer, with a certificate of its own or
without TLS."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ANSWER = b"HTTP/1.0 200 OK\r\n\r\n{}"


def make_certificate(folder: Path) -> Path:
    """FOLDER with a self-signed certificate for localhost, ca.crt, and its key, key.pem."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "ca.crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@contextmanager
def answering(answer: bytes = ANSWER, certificate: Path | None = None) -> Iterator[int]:
    """The server's port; with the folder of a CERTIFICATE it speaks TLS, and hangs
    up without a word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context and certificate:
        context.load_cert_chain(certificate / "ca.crt", certificate / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client, suppress(OSError):
                    stream = context.wrap_socket(client, server_side=True) if context else client
                    stream.recv(4096)
                    stream.sendall(answer)
                    stream.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
