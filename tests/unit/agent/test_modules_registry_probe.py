"""The agent's probe against real sockets on loopback: how far it comes, and what it saw there."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from mooring.agent.modules import registry_probe
from mooring.playbook import arguments
from tests.support.registry_server import VERSION, serve_registry
from tests.support.tls_answers import answering, make_certificate


def ask(port: int, host: str = "127.0.0.1", **args: Any) -> dict[str, Any]:
    args_of_call = {"host": host, "port": port, "timeout": 2, **args}
    normalized = arguments.normalize(arguments.find("registry_probe", None), args_of_call, None)
    answer: dict[str, Any] = registry_probe.run(normalized)
    return answer


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
    folder = make_certificate(tmp_path_factory.mktemp("tls"))
    (folder / "other").mkdir()
    return folder


def test_tls_with_the_authority_in_the_engines_folder(certificate: Path) -> None:
    with answering(certificate=certificate) as port:
        seen = ask(port, host="localhost", scheme="https", ca_path=str(certificate))
    assert (seen["layer"], seen["status"]) == ("", 200)
    assert seen["tls"].startswith("TLS")


@pytest.mark.parametrize("args", [{}, {"ca_path": "/nonexistent"}])
def test_tls_that_nobody_vouches_for(certificate: Path, args: dict[str, Any]) -> None:
    with answering(certificate=certificate) as port:
        seen = ask(port, host="localhost", scheme="https", **args)
        assert seen["layer"] == "TLS"
        assert ask(port, host="localhost", scheme="https", validate_certs=False)["layer"] == ""


def test_a_certificate_for_another_name(certificate: Path) -> None:
    with answering(certificate=certificate) as port:
        seen = ask(port, host="127.0.0.1", scheme="https", ca_path=str(certificate / "ca.crt"))
    assert seen["layer"] == "TLS"


def test_plain_http_where_tls_was_expected() -> None:
    with serve_registry() as server:
        assert ask(server.endpoint.port, scheme="https")["layer"] == "TLS"
