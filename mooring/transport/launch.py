"""Starting the agent over a connection: from the shell line to the agent's hello, all
within one deadline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.deadline import Deadline
from mooring.errors import AgentError, BecomeFailed, ConnectionLost, MooringError
from mooring.transport.bundle import INTERPRETERS, NO_PYTHON, Bundle
from mooring.transport.connection.become import READY, Become
from mooring.transport.connection.process import Connection
from mooring.transport.frames import KEPT_WORDS, LONGEST_BANNER, Frames, Silent
from mooring.transport.messages import Malformed, parse_hello

END_SECONDS = 5.0


@dataclass(frozen=True)
class Launch:
    """What is started where; `become` is None for the connection's own user."""

    connection: Connection
    bundle: Bundle
    become: Become | None = None
    interpreter: str | None = None

    def run(self, deadline: Deadline) -> tuple[Frames, Mapping[str, Any]]:
        """The agent's frames and its hello; else AgentError (no python, start), BecomeFailed,
        ConnectionLost."""
        # A little more for the connection, so that who waits above it can still say what the host
        # said instead.
        self.connection.limit(Deadline(deadline.within(float("inf")) + END_SECONDS))
        if self.become is None:
            command = self.bundle.command(self.interpreter)
        else:
            command = self.become.wrap(self.bundle.script(self.interpreter, becomes=True))
        frames = Frames(self.connection.start(command))
        frames.deadline = deadline
        try:
            hello = self._try_greeting(frames)
        except BaseException as error:
            frames.process.close()
            if isinstance(error, BecomeFailed):
                self.connection.limit(Deadline(None))  # the host is there: other users' agents work on
            raise
        self.connection.limit(Deadline(None))
        return frames, hello

    def _try_greeting(self, frames: Frames) -> Mapping[str, Any]:
        """The agent's hello, or why there is none."""
        try:
            return self._greet(frames)
        except Silent:
            raise self._explain_silence(frames) from None
        except Malformed as error:
            raise AgentError(f"the agent did not start: {error}", "start", shorten(frames.buffer)) from None

    def _greet(self, frames: Frames) -> Mapping[str, Any]:
        if self.become is not None and self.become.password:
            login = self.connection.user
            frames.buffer += self.become.answer(frames.process, login, frames.deadline, LONGEST_BANNER)
        try:
            frames.write_bytes(self.bundle.packed)
        except ConnectionLost:
            raise Silent from None
        frames.skip_to_marker()
        return parse_hello(*frames.read())

    def _explain_silence(self, frames: Frames) -> MooringError:
        """Why the agent's process ended before its hello."""
        seconds, process, become = 0.0 if frames.is_late else END_SECONDS, frames.process, self.become
        came = frames.drain(seconds)
        status = process.exit_status(seconds)
        errors = process.errors
        complaint = become.clean(errors) if become else errors.decode("utf-8", "replace").strip()
        transcript = "\n".join(part for part in (shorten(came), complaint[:KEPT_WORDS]) if part)
        refused = become.explain(errors, self.connection.user) if become else None
        if refused is not None:
            return refused
        if status == NO_PYTHON:
            tried = self.interpreter or ", ".join(INTERPRETERS)
            reason = (
                f"no Python 2.7 or 3.6 and newer on the host (tried {tried}): install one, "
                "or name it as ansible_python_interpreter"
            )
            return AgentError(reason, "no python", transcript)
        if status is None and process.trouble:
            return ConnectionLost(process.trouble)
        if status is None and not transcript:
            return ConnectionLost("the connection broke, or nothing answered, while the agent was starting")
        shown = "no exit status" if status is None else f"exit status {status}"
        tail = "it said instead:" if transcript else "it said nothing"
        return AgentError(f"the agent did not start ({shown}); {tail}", "start", transcript)


def shorten(came: bytes | bytearray) -> str:
    """What a host said in place of the agent's greeting, as much of it as a message bears."""
    return bytes(came[:KEPT_WORDS]).replace(READY, b"").decode("utf-8", "replace").strip()
