"""The agent's probe against real sockets on loopback: how far it comes, and what it saw there."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from mooring.agent.modules import registry_probe
from mooring.playbook import arguments
from tests.support.registry_server import VERSION, serve_registry


def ask(port: int, host: str = "127.0.0.1", **args: Any) -> dict[str, Any]:
    given = {"host": host, "port": port, "timeout": 2, **args}
    normalized = arguments.normalize(arguments.find("registry_probe", None), given, None)
    answer: dict[str, Any] = registry_probe.run(normalized)
    return answer


@contextmanager
def answering(answer: bytes, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that gives everybody the same answer."""
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


def test_a_registry_that_answers() -> None:
    with serve_registry() as server:
        server.version_headers = [VERSION, VERSION]
        seen = ask(server.endpoint.port)
    assert (seen["layer"], seen["status"], seen["body"]) == ("", 200, "{}")
    assert seen["headers"].count(list(VERSION)) == 2
    assert seen["address"] == seen["local_address"] == "127.0.0.1"
    assert seen["changed"] is False


def test_a_name_that_does_not_resolve() -> None:
    seen = ask(80, host="no-such-name.invalid.")
    assert seen["layer"] == "name"
    assert "no-such-name.invalid. does not resolve" in seen["msg"]


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    seen = ask(port)
    assert seen["layer"] == "TCP"
    assert seen["msg"] == f"127.0.0.1 port {port}: Connection refused"


def test_only_connecting_says_nothing() -> None:
    with answering(b"") as port:
        seen = ask(port, connect_only=True)
    assert seen["layer"] == ""
    assert "status" not in seen


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1\r\n\r\n"])
def test_something_else_listens(answer: bytes) -> None:
    with answering(answer) as port:
        assert ask(port)["layer"] == "HTTP"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "ca.crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "other").mkdir()
    return folder


@contextmanager
def answering_by_tls(folder: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.crt", folder / "key.pem")
    with answering(b"HTTP/1.0 200 OK\r\n\r\n{}", context) as port:
        yield port


def test_tls_with_the_authority_in_the_engines_folder(certificate: Path) -> None:
    with answering_by_tls(certificate) as port:
        seen = ask(port, host="localhost", scheme="https", ca_path=str(certificate))
    assert (seen["layer"], seen["status"]) == ("", 200)
    assert seen["tls"].startswith("TLS")


@pytest.mark.parametrize("args", [{}, {"ca_path": "/nonexistent"}])
def test_tls_that_nobody_vouches_for(certificate: Path, args: dict[str, Any]) -> None:
    with answering_by_tls(certificate) as port:
        seen = ask(port, host="localhost", scheme="https", **args)
        assert seen["layer"] == "TLS"
        assert ask(port, host="localhost", scheme="https", validate_certs=False)["layer"] == ""


def test_a_certificate_for_another_name(certificate: Path) -> None:
    with answering_by_tls(certificate) as port:
        seen = ask(port, host="127.0.0.1", scheme="https", ca_path=str(certificate / "ca.crt"))
    assert seen["layer"] == "TLS"


def test_plain_http_where_tls_was_expected() -> None:
    with serve_registry() as server:
        assert ask(server.endpoint.port, scheme="https")["layer"] == "TLS"
