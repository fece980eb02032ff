"""Every exception that Mooring raises on purpose.

MooringError                    rendered once, in cli/finish.py; a traceback only with --debug
├── SourceError                 what you wrote is wrong; no host was touched (exit status 1)
│   ├── InventoryError          the inventory, group_vars/ or host_vars/
│   ├── PlaybookError           a playbook, a role or a task
│   ├── ArgumentError           a module's arguments
│   └── TemplateError           a template's syntax, or what it computes
│       └── UndefinedVariable   a template names a variable that nobody defines
├── UsageError                  the command line asks for something impossible (exit status 1)
├── HostUnreachable             a host cannot be worked on (exit status 4)
│   ├── AuthenticationFailed    the host refuses every way to log in that we have
│   ├── HostKeyRejected         the host's key is unknown, or not the one that is known
│   ├── ConnectionLost          the connection broke, or the host did not answer
│   │   └── OutOfTime           the host did not answer within the time of a request
│   └── BecomeFailed            logged in, but may not become the other user
├── AgentError                  logged in, but the agent did not start or answer as it should
├── TaskTimedOut                a task took longer than its `timeout` (or than looking may take)
├── RegistryError               a registry, or the way to it, does not answer (exit status 2)
└── Interrupted                 the operator pressed Ctrl-C (exit status 130)

Low layers raise without knowing host or task; the runner attaches them.
"""

from __future__ import annotations

from dataclasses import dataclass

# Of a line in a file, in characters.
WIDEST = 160


@dataclass(frozen=True)
class Where:
    """A place in a file: path, line and column, both counted from 1, and the text of that line."""

    path: str
    line: int = 0
    column: int = 0
    text: str = ""

    def __str__(self) -> str:
        path = on_one_line(self.path)
        return f"{path}:{self.line}:{self.column}" if self.line else path


def on_one_line(text: str) -> str:
    """A path or a name as messages show it, whatever it holds."""
    return (
        text
        if text.isprintable()
        else "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
    )


class MooringError(Exception):
    """Something that the operator can understand and mend; `exit_status` is what
    `invoke` ends with."""

    exit_status = 1


class SourceError(MooringError):
    """What the operator wrote is wrong; holds the place, the message and perhaps a remedy.

    `others` are further mistakes that were found with this one.
    """

    def __init__(self, message: str, where: Where | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.where, self.hint = message, where, hint
        self.others: tuple[SourceError, ...] = ()

    def all(self) -> list[SourceError]:
        """This mistake and the others."""
        return [self, *(mistake for other in self.others for mistake in other.all())]

    def __str__(self) -> str:
        """`path:line:column: message (hint)`, and below it the line itself with a caret."""
        text = f"{self.message} ({self.hint})" if self.hint else self.message
        if self.where is None:
            return text
        lines = [f"{self.where}: {text}"]
        if self.where.text.strip():
            text, column = _window(self.where.text.rstrip(), self.where.column - 1)
            lines += [f"    {text}", "    " + " " * column + "^"]
        return "\n".join(lines)


def _window(text: str, column: int) -> tuple[str, int]:
    """What is shown of a line, and where the column is in it: a whole document may
    stand in one line."""
    if len(text) <= WIDEST:
        return text, column
    begin = min(max(0, column - WIDEST // 2), len(text) - WIDEST)
    return text[begin : begin + WIDEST], column - begin


class InventoryError(SourceError):
    """The inventory, group_vars/ or host_vars/ is wrong."""


class PlaybookError(SourceError):
    """A playbook, a role or a task is wrong."""


class ArgumentError(SourceError):
    """A task gives a module arguments that it does not take."""


class TemplateError(SourceError):
    """A template cannot be parsed, or what it computes fails."""


class UndefinedVariable(TemplateError):
    """A template names a variable that nobody defines; `default` and `is defined`
    may still save it."""


class UsageError(MooringError):
    """The command line asks for something impossible."""


class HostUnreachable(MooringError):
    """A host cannot be worked on; `reason` says why and what to do."""

    exit_status = 4

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AuthenticationFailed(HostUnreachable):
    """The host refuses every way to log in that we have."""


class HostKeyRejected(HostUnreachable):
    """The host's key is unknown, or is not the one that known_hosts has."""


class ConnectionLost(HostUnreachable):
    """The connection broke, or the host did not answer in time."""


class OutOfTime(ConnectionLost):
    """The host did not answer within the time that a request was given; the agent was ended."""


class BecomeFailed(HostUnreachable):
    """Logged in, but may not become the other user. In a run the task fails, and the host goes
    on."""


class AgentError(HostUnreachable):
    """The agent did not start or did not answer as it should.

    `stage` is "no python", "start" or "run"; `transcript` is what the host printed instead.
    """

    def __init__(self, reason: str, stage: str = "run", transcript: str = "") -> None:
        super().__init__(f"{reason}\n{transcript}".rstrip() if transcript else reason)
        self.stage, self.transcript = stage, transcript


class TaskTimedOut(MooringError):
    """A task took longer than it may; `seconds` is what it was given. It fails, the host goes
    on."""

    exit_status = 2

    def __init__(self, seconds: float, hint: str = "") -> None:
        super().__init__(f"Timed out after {seconds:g} second(s)." + (f" {hint}" if hint else ""))
        self.seconds = seconds


class RegistryError(MooringError):
    """A registry, or the way to it, does not answer as it should.

    `layer` says what is wrong: "name", "TCP", "TLS", "HTTP" or "registry"; `status` is the HTTP
    status, or 0.
    """

    exit_status = 2

    def __init__(self, layer: str, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.layer, self.reason, self.status = layer, reason, status


class Interrupted(MooringError):
    """The operator pressed Ctrl-C; what has begun is broken off."""

    exit_status = 130
