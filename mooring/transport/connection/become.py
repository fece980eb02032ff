"""Becoming another user with sudo: the command line, the password dialogue, and
the reasons why not."""

from __future__ import annotations

import contextlib
import re
import secrets
import shlex
from dataclasses import dataclass, field

from mooring.deadline import Deadline
from mooring.errors import BecomeFailed, ConnectionLost
from mooring.transport.connection.process import Process

# What the wrapped command says first, when it runs (bundle.py's script).
READY = b"\0\0MOORING-SHELL-1\n"
# Of what sudo wrote, in a message.
KEPT_WORDS = 4096
REASONS = (
    (
        r"a password is required|no password was provided|a terminal is required to read the password",
        "sudo wants a password for {login}: give it as ansible_become_password or with --ask-become-pass, "
        "or allow {login} to use sudo without one",
    ),
    (
        r"incorrect password attempt|Sorry, try again",
        "sudo refuses the password of {login}: check ansible_become_password",
    ),
    (
        r"must have a tty",
        "sudo wants a terminal: add `Defaults:{login} !requiretty` to the host's sudoers file",
    ),
    (
        r"not in the sudoers file|may not run sudo|not allowed to run sudo",
        "{login} may not use sudo: add {login} to the host's sudoers file or to the group that it names",
    ),
    (
        r"is not allowed to execute",
        "sudo does not allow {login} to run commands as {user}: the host's sudoers file names other commands or users",
    ),
    (r"unknown user", "there is no user {user} on the host"),
    (
        r"sudo: (command )?not found|sudo: No such file",
        "sudo is not installed: install it, or log in as {user}",
    ),
    (r"account validation failure|[Aa]ccount [^\n]{0,200}expired", "the account of {login} is locked or has expired"),
)


@dataclass(frozen=True)
class Become:
    """Whom to become, and the login user's password for sudo where it asks for one."""

    user: str = "root"
    password: str | None = field(default=None, repr=False)
    prompt: str = field(default_factory=lambda: f"[mooring-{secrets.token_hex(8)}] ", repr=False)

    def wrap(self, command: str) -> str:
        """The command under sudo; without a password it must not ask, or it would eat
        the agent's input."""
        asking = ["-S", "-p", self.prompt] if self.password else ["-n"]
        words = ["sudo", "-H", *asking, "-u", self.user, "--"]
        # sudo's messages are read below, so they must be English; the agent goes back to the host's
        # language.
        inner = "unset LC_ALL; " + command
        return "LC_ALL=C exec " + shlex.join([*words, "/bin/sh", "-c", inner])

    def answer(self, process: Process, login: str, deadline: Deadline, most: int) -> bytes:
        """Give the password when sudo asks, and return what came on standard output up to now
        (`most` bytes of it).

        Returns when the shell speaks (sudo let us pass) or the output ended (the
        caller explains why).
        """
        came, is_answered, start = bytearray(), False, 0
        prompt = self.prompt.encode()
        while came.find(READY, start) < 0:
            start = max(0, len(came) - len(READY) + 1)
            if deadline.is_over:
                errors = self.clean(process.errors)[-KEPT_WORDS:]
                raise ConnectionLost(
                    f"sudo did not answer within {deadline.seconds or 0:.0f} seconds\n{errors}".rstrip()
                )
            data = process.read_ready()
            prompts = process.errors.count(prompt)
            if prompts > 1:
                raise BecomeFailed(REASONS[1][1].format(login=login))
            if prompts and not is_answered:
                with contextlib.suppress(TimeoutError):
                    process.write((self.password or "").encode() + b"\n", deadline.left)
                is_answered = True
            if data == b"" or len(came) > most:
                break
            came += data or b""
            if data is None:
                process.wait(deadline.left)
        return bytes(came)

    def clean(self, errors: bytes | bytearray) -> str:
        """What sudo wrote, without our prompt."""
        return errors.decode("utf-8", "replace").replace(self.prompt, "").strip()

    def explain(self, errors: bytes | bytearray, login: str) -> BecomeFailed | None:
        """The reason why sudo refused, when what it wrote tells it."""
        text = self.clean(errors)
        for pattern, reason in REASONS:
            if re.search(pattern, text):
                return BecomeFailed(reason.format(login=login, user=self.user))
        return BecomeFailed(f"sudo failed: {text[:KEPT_WORDS]}") if text.startswith("sudo:") else None
