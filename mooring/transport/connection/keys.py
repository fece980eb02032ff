"""Private keys from files, each loaded and asked for its passphrase once per run."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable

import cryptography.exceptions
import paramiko

from mooring.errors import SourceError
from mooring.files.reading import LARGEST_SETTING, check_file, read_bytes

AskPassphrase = Callable[[str], str | None]
ATTEMPTS = 3
# What follows a key's name in that of its certificate, which paramiko reads too.
CERTIFICATE = "-cert.pub"
# What paramiko and cryptography raise over a file that holds something else than it should.
_RUBBISH = (
    ValueError,
    LookupError,
    AttributeError,
    AssertionError,
    EOFError,
    ArithmeticError,
    OSError,
    struct.error,
    cryptography.exceptions.UnsupportedAlgorithm,
    paramiko.SSHException,
    paramiko.pkey.UnknownKeyType,
)


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
            key = self._known[path]
        if isinstance(key, KeyProblem):
            raise key
        return key

    def _read(self, path: str) -> paramiko.PKey:
        try:
            # paramiko opens the file itself, and would wait for a pipe.
            read_bytes(path.removesuffix(CERTIFICATE), LARGEST_SETTING)
            if os.path.exists(path + CERTIFICATE):
                check_file(path + CERTIFICATE)
        except SourceError as error:
            problem = "does not exist" if error.message == "no such file" else error.message
            raise KeyProblem(f"{error.where} {problem}") from None
        try:
            return paramiko.PKey.from_path(path)
        except (TypeError, paramiko.PasswordRequiredException):
            return self._decrypt(path)
        except _RUBBISH as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise KeyProblem(f"{path} is not a private key that is supported ({reason})") from None

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
            except (TypeError, *_RUBBISH):
                continue
        raise KeyProblem(f"{path}: wrong passphrase")


def public_blob(path: str) -> bytes | None:
    """The public half beside a private key file, to find it in the agent without its passphrase."""
    try:
        words = read_bytes(path + ".pub", LARGEST_SETTING).decode("ascii", "replace").split()
        return paramiko.pkey.PublicBlob.from_string(" ".join(words[:2])).key_blob
    except (SourceError, *_RUBBISH):
        return None
