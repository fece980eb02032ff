"""The registry probe's TLS on every interpreter: what each Python's ssl can do differs most of all."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from interpreters import find_interpreters

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from mooring.agent.modules import registry_probe
print(json.dumps(registry_probe.run(json.loads(sys.argv[1]))))
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a self-signed certificate for localhost and its key."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "ca.crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@contextmanager
def answering(folder: Path) -> Iterator[int]:
    """A TLS server that gives everybody the same answer, and hangs up without a word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.crt", folder / "key.pem")

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client, suppress(OSError), context.wrap_socket(client, server_side=True) as stream:
                stream.recv(4096)
                stream.sendall(b"HTTP/1.0 200 OK\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("version", find_interpreters())
def test_every_interpreter_trusts_and_distrusts_alike(version: str, certificate: Path) -> None:
    args = {"host": "localhost", "scheme": "https", "path": "/v2/", "connect_only": False, "timeout": 2}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    seen = []
    with answering(certificate) as port:
        for trusted in (str(certificate), None):
            asked = {**args, "port": port, "validate_certs": True, "ca_path": trusted}
            command = [find_interpreters()[version], "-c", PROGRAM, json.dumps(asked)]
            done = subprocess.run(command, env=environment, check=True, capture_output=True)
            seen.append(json.loads(done.stdout))
    assert [one["layer"] for one in seen] == ["", "TLS"]
    assert seen[0]["body"] == "{}"
