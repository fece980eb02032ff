"""An SSH server on loopback, a user's keys, and their known hosts."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from mooring.errors import HostUnreachable
from mooring.transport.connection import Connection, ConnectionSettings, RunOptions, open_connection
from tests.support.ssh_server import Rules, SshServer


def make_key(path: Path, passphrase: str | None = None) -> paramiko.PKey:
    """An ed25519 key in a file, as ssh-keygen makes it."""
    cipher: Any = serialization.NoEncryption()
    if passphrase:
        cipher = serialization.BestAvailableEncryption(passphrase.encode())
    key = ed25519.Ed25519PrivateKey.generate()
    form = serialization.PrivateFormat.OpenSSH
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, cipher))
    path.chmod(0o600)
    return paramiko.Ed25519Key(filename=str(path), password=passphrase)


def line(port: int, key: paramiko.PKey) -> str:
    return f"[127.0.0.1]:{port} {key.get_name()} {base64.b64encode(key.asbytes()).decode()}"


class World:
    """A server, and the files of the user who connects to it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.known_hosts = home / "known_hosts"
        self.key_file = home / "key"
        self.key = make_key(self.key_file)
        self.host_key = make_key(home / "host_key")
        self.rules = Rules(keys=(self.key,))
        self.server = SshServer(self.rules, (self.host_key, paramiko.RSAKey.generate(2048)))
        self.known_hosts.write_text(line(self.server.port, self.host_key) + "\n")

    @property
    def variables(self) -> dict[str, Any]:
        return {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.server.port,
            "ansible_user": "tester",
            "ansible_ssh_private_key_file": str(self.key_file),
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={self.known_hosts} -o GlobalKnownHostsFile=none",
            "ansible_timeout": 5,
        }

    def connect(self, options: RunOptions | None = None, **changes: Any) -> Connection:
        settings = ConnectionSettings.from_variables("web1", {**self.variables, **changes}, options)
        return open_connection(settings, keys=options.keys if options else None)

    def refuse(self, kind: type[HostUnreachable], options: RunOptions | None = None, **changes: Any) -> str:
        with pytest.raises(kind) as caught:
            self.connect(options, **changes).close()
        return caught.value.reason
