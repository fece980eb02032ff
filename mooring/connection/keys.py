"""Private keys from files, each loaded and asked for its passphrase once per run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import paramiko

AskPassphrase = Callable[[str], str | None]
ATTEMPTS = 3


class KeyProblem(Exception):
    """A key file cannot be used; the text says why."""


class KeyStore:
    """Loads key files for all hosts of a run, which connect in parallel."""

    def __init__(self, ask_passphrase: AskPassphrase | None = None) -> None:
        """`ask_passphrase` gets a path and returns the passphrase, None to go without that key."""
        self._ask = ask_passphrase
        self._lock = threading.Lock()
        self._known: dict[str, paramiko.PKey | KeyProblem] = {}

    def load(self, path: str) -> paramiko.PKey:
        """The private key in a file; KeyProblem when there is none that we can use."""
        with self._lock:  # also while asking: two hosts must not ask for the same key
            if path not in self._known:
                try:
                    self._known[path] = self._read(path)
                except KeyProblem as problem:
                    self._known[path] = problem
            found = self._known[path]
        if isinstance(found, KeyProblem):
            raise found
        return found

    def _read(self, path: str) -> paramiko.PKey:
        try:
            return paramiko.PKey.from_path(path)
        except FileNotFoundError:
            raise KeyProblem(f"{path} does not exist") from None
        except OSError as error:
            raise KeyProblem(f"{path} cannot be read: {error.strerror}") from None
        except (TypeError, paramiko.PasswordRequiredException):
            return self._decrypt(path)
        except (ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType) as error:
            raise KeyProblem(f"{path} is no private key that is supported ({error})") from None

    def _decrypt(self, path: str) -> paramiko.PKey:
        if self._ask is None:
            raise KeyProblem(f"{path} has a passphrase: load it into ssh-agent, or run on a terminal")
        for _ in range(ATTEMPTS):
            passphrase = self._ask(path)
            if not passphrase:
                raise KeyProblem(f"{path} has a passphrase, and none was given")
            try:
                # cryptography below wants bytes, whatever paramiko declares
                return paramiko.PKey.from_path(path, password=passphrase.encode())  # type: ignore[arg-type]
            except (ValueError, paramiko.SSHException):
                continue
        raise KeyProblem(f"{path}: wrong passphrase")


def public_blob(path: str) -> bytes | None:
    """The public half beside a private key file, to find it in the agent without its passphrase."""
    try:
        words = Path(path + ".pub").read_text("ascii", "replace").split()
        return paramiko.pkey.PublicBlob.from_string(" ".join(words[:2])).key_blob
    except (OSError, ValueError, IndexError):
        return None
