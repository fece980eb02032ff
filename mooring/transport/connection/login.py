"""Logging in: which keys and passwords are tried, in OpenSSH's order, and why all of
them were refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import paramiko

from mooring.deadline import Deadline
from mooring.errors import AuthenticationFailed, ConnectionLost
from mooring.transport.connection.keys import KeyProblem, KeyStore, public_blob
from mooring.transport.connection.ssh_config import Target
from mooring.transport.connection.transport import Transport

DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
AUTHENTICATION_SECONDS = 30.0
# Of the words of a server, in a message.
LONGEST_WORDS = 500


@dataclass
class Login:
    """One attempt to log in; `tried` collects what was offered, for the message at its end."""

    transport: Transport
    target: Target
    keys: KeyStore
    password: str | None = field(default=None, repr=False)
    key_file: str | None = None
    tried: list[str] = field(default_factory=list, init=False)
    rsa_refused: bool = field(default=False, init=False)
    deadline: Deadline = field(default_factory=lambda: Deadline(None), init=False)

    def log_in(self, deadline: Deadline) -> None:
        """Log in before the deadline, or raise AuthenticationFailed with everything that was
        tried."""
        self.deadline = deadline
        self.transport.auth_timeout = AUTHENTICATION_SECONDS
        agent = paramiko.Agent()
        try:
            rest = self._offer_keys(agent)
            if self.transport.is_authenticated():
                return
            self._offer_password(rest)
        except (EOFError, OSError, paramiko.SSHException) as error:
            reason = self.transport.trouble or f"broke the connection during log-in ({str(error)[:LONGEST_WORDS]})"
            raise ConnectionLost(f"{self.target} {reason}") from None
        finally:
            agent.close()

    def _offer_keys(self, agent: paramiko.Agent) -> list[str]:
        """Offer key after key; the methods that the host asks for besides an accepted one."""
        for label, key in self._identities(agent):
            self.tried.append(f"key {label} ({key.get_name()})")
            try:
                rest = self.transport.auth_publickey(self.target.user, key)
            except paramiko.BadAuthenticationType:
                self.tried[-1] += ": the host takes no keys"
                return []
            except paramiko.AuthenticationException:
                self._check_alive()
                self.rsa_refused = self.rsa_refused or key.get_name() == "ssh-rsa"
                continue
            except paramiko.SSHException as error:  # for example an agent that refuses to sign
                self._check_alive()
                self.tried[-1] += f": {str(error)[:LONGEST_WORDS]}"
                continue
            return list(rest)
        return []

    def _check_alive(self) -> None:
        if self.transport.trouble:
            raise ConnectionLost(f"{self.target}: {self.transport.trouble}")
        if not self.transport.is_active():
            raise AuthenticationFailed(
                f"{self.target} ended the log-in of {self.target.user} after: {', '.join(self.tried)}. Perhaps "
                "these were too many: name the key as ansible_ssh_private_key_file and set IdentitiesOnly yes"
            )

    def _identities(self, agent: paramiko.Agent) -> Iterator[tuple[str, paramiko.PKey]]:
        """Keys in OpenSSH's order: named files (from the agent where it has them), the agent's, the
        default files."""
        held: dict[bytes, paramiko.PKey] = {key.asbytes(): key for key in agent.get_keys()}
        named = self.target.identity_files
        for path in named:
            blob = public_blob(path)
            try:
                key = held[blob] if blob in held else self._load(path)
            except KeyProblem as problem:
                if path == self.key_file:
                    raise AuthenticationFailed(f"private key file {problem}") from None
                self.tried.append(f"key {problem}")
                continue
            held.pop(key.asbytes(), None)
            yield path, key
        if not self.target.identities_only:
            for key in held.values():
                yield "of the SSH agent", key
        for path in () if named else DEFAULT_KEYS:
            path = os.path.expanduser(path)
            if not os.path.exists(path) or public_blob(path) in held:
                continue
            try:
                yield path, self._load(path)
            except KeyProblem as problem:
                self.tried.append(f"key {problem}")

    def _load(self, path: str) -> paramiko.PKey:
        """A key's file; the operator may be asked for its passphrase, and that time
        is not the host's."""
        with self.deadline.paused():
            return self.keys.load(path)

    def _offer_password(self, rest: list[str]) -> None:
        """Offer the password, alone or after a key that was only half of what the host wants."""
        if self.password is None:
            raise self._refuse(rest)
        self.tried.append("the password")
        try:
            left = self.transport.auth_password(self.target.user, self.password)
        except paramiko.BadAuthenticationType:
            self.tried[-1] += ": the host takes no passwords"
            raise self._refuse(rest) from None
        except paramiko.AuthenticationException:
            self._check_alive()
            raise self._refuse(rest) from None
        if left:
            raise self._refuse(list(left))

    def _refuse(self, rest: list[str]) -> AuthenticationFailed:
        """Every reason that is known, in one message."""
        target, allowed = self.target, rest or self._ask_allowed()
        tried = "; ".join(self.tried) or "nothing: there is no key, no SSH agent and no password"
        parts = [f"{target} refuses to let {target.user} in. Tried: {tried}."]
        if allowed:
            parts.append(f"The host {'also wants' if rest else 'accepts'}: {', '.join(allowed)[:LONGEST_WORDS]}.")
        if self.password is None and {"password", "keyboard-interactive"} & set(allowed):
            parts.append("No password was given (--ask-pass or ansible_password).")
        if self.rsa_refused and "OpenSSH_6" in self.transport.remote_version:
            server = self.transport.remote_version.removeprefix("SSH-2.0-")[:LONGEST_WORDS]
            parts.append(
                f"This host runs {server}, which knows RSA keys only "
                "with SHA-1 signatures, and these are no longer supported: use an ed25519 or ECDSA key."
            )
        return AuthenticationFailed(" ".join(parts))

    def _ask_allowed(self) -> list[str]:
        """The methods that the host would accept."""
        try:
            self.transport.auth_none(self.target.user)
        except paramiko.BadAuthenticationType as error:
            return list(error.allowed_types)
        except (paramiko.SSHException, EOFError, OSError):
            pass
        return []
