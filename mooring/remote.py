"""The agent on a host, seen from here: start it, shake hands, send requests, take replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mooring import replies
from mooring.agent import wire
from mooring.bundle import INTERPRETERS, NO_PYTHON, Bundle
from mooring.connection.become import READY, Become
from mooring.connection.process import Connection, Process
from mooring.errors import AgentError, ConnectionLost, MooringError
from mooring.frames import Frames, Silent

START_SECONDS = 60.0
END_SECONDS = 5.0
OnProgress = Callable[[str, int, int], None]


class Content(Protocol):
    """Bytes that a task brings along, of any size."""

    @property
    def size(self) -> int: ...

    def chunks(self) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class Request:
    """What a module shall do; `environment` is added to that of the programs which it runs."""

    module: str
    args: Mapping[str, Any]
    check: bool = False
    diff: bool = False
    environment: Mapping[str, str] | None = None

    def message(self) -> dict[str, Any]:
        """The frame's body."""
        values = {"module": self.module, "args": dict(self.args), "check": self.check, "diff": self.diff}
        return {**values, "environment": dict(self.environment)} if self.environment else values


@dataclass
class _Underway:
    """What is known about a request without a reply."""

    content: Content | None
    on_progress: OnProgress | None
    reply: dict[str, Any] | None = None


class Remote:
    """One agent. Not for several threads at once, except `close`, which may come from any."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._frames = Frames(process)
        self._underway: dict[int, _Underway] = {}
        self._last = 0
        self.hello: Mapping[str, Any] = {}

    @classmethod
    def start(
        cls,
        connection: Connection,
        bundle: Bundle,
        become: Become | None = None,
        interpreter: str | None = None,
        timeout: float = START_SECONDS,
    ) -> Remote:
        """Start the agent over a connection, as another user if asked, and wait for its hello.

        Raises AgentError (stage "no python" or "start"), BecomeFailed or ConnectionLost.
        """
        if become is not None and become.user == connection.user:
            become = None
        command = bundle.command(interpreter)
        process = connection.start(become.wrap(bundle.script(interpreter, becomes=True)) if become else command)
        remote = cls(process)
        try:
            remote._begin(bundle, become, connection.user, timeout)
        except Silent:
            error = remote._explain_silence(become, connection.user, interpreter)
            process.close()
            raise error from None
        except BaseException:
            process.close()
            raise
        return remote

    def _begin(self, bundle: Bundle, become: Become | None, login: str, timeout: float) -> None:
        self._frames.wait_at_most(timeout)
        if become is not None and become.password:
            self._frames.buffer += become.answer(self._process, login, timeout)
        try:
            self._frames.write_bytes(bundle.packed)
        except ConnectionLost:
            raise Silent from None
        self._frames.skip_to_marker()
        self.hello = self._frames.read()[1]["hello"]

    def _explain_silence(self, become: Become | None, login: str, interpreter: str | None) -> MooringError:
        """Why the agent's process ended before its hello."""
        is_late = self._frames.is_late
        came = self._frames.drain(0 if is_late else END_SECONDS)
        status = self._process.exit_status(0 if is_late else END_SECONDS)
        noise = came.replace(READY, b"").decode("utf-8", "replace").strip()
        errors = self._process.errors
        text = become.clean(errors) if become else errors.decode("utf-8", "replace").strip()
        transcript = "\n".join(part for part in (noise, text) if part)
        refused = become.explain(errors, login) if become else None
        if refused is not None:
            return refused
        if status == NO_PYTHON:
            tried = interpreter or ", ".join(INTERPRETERS)
            reason = (
                f"no Python 2.7 or 3.6 and newer on the host (tried {tried}): install one, "
                "or name it as ansible_python_interpreter"
            )
            return AgentError(reason, "no python", transcript)
        if status is None and not transcript:
            return ConnectionLost("the connection broke, or nothing answered, while the agent was starting")
        shown = "no exit status" if status is None else f"exit status {status}"
        said = "it said instead:" if transcript else "it said nothing"
        return AgentError(f"the agent did not start ({shown}); {said}", "start", transcript)

    def send(
        self,
        module: str,
        args: Mapping[str, Any],
        *,
        content: Content | None = None,
        on_progress: OnProgress | None = None,
        **mode: Any,
    ) -> int:
        """Send a request, perhaps ahead of others' replies; returns its number for `receive`.

        `mode` is what Request has besides: check, diff, environment.
        """
        self._last += 1
        self._underway[self._last] = _Underway(content, on_progress)
        self._frames.wait_at_most(None)
        try:
            self._frames.write(wire.JSON, self._last, Request(module, args, **mode).message())
        except (Silent, ConnectionLost):
            raise self._explain_end(None) from None
        return self._last

    def receive(self, number: int, timeout: float | None = None) -> dict[str, Any]:
        """A request's reply; serves whatever other requests need until it comes.

        Raises ConnectionLost when it does not come within `timeout` seconds, AgentError when the agent died.
        """
        self._frames.wait_at_most(timeout)
        request = self._underway[number]
        try:
            while request.reply is None:
                self._serve_frame()
        except (Silent, ConnectionLost):
            raise self._explain_end(timeout) from None
        except (KeyError, ValueError) as error:
            raise AgentError(f"the agent answered something senseless ({error!r})") from None
        del self._underway[number]
        return request.reply

    def call(
        self,
        module: str,
        args: Mapping[str, Any],
        *,
        content: Content | None = None,
        on_progress: OnProgress | None = None,
        timeout: float | None = None,
        **mode: Any,
    ) -> dict[str, Any]:
        """Run a module on the host and return its reply; `mode` as for `send`."""
        return self.receive(self.send(module, args, content=content, on_progress=on_progress, **mode), timeout)

    def _serve_frame(self) -> None:
        number, body = self._frames.read()
        request = self._underway[number]
        if "reply" in body:
            request.reply = replies.check(body["reply"])
        elif "progress" in body:
            told = body["progress"]
            if request.on_progress is not None:
                request.on_progress(told["what"], told["done"], told["total"])
        elif body["want"] == "content":
            self._send_content(number, request)

    def _send_content(self, number: int, request: _Underway) -> None:
        """Send the content in frames; stop early when the reply comes meanwhile: nobody wants the rest."""
        if request.content is None:
            self._frames.write(wire.JSON, number, {"abort": "this task has no content"})
            return
        try:
            for chunk in request.content.chunks():
                for start in range(0, len(chunk), wire.CHUNK):
                    self._frames.write(wire.DATA, number, chunk[start : start + wire.CHUNK])
                while request.reply is None and self._frames.has_arrived():
                    self._serve_frame()
                if request.reply is not None:
                    break
        except OSError as error:
            self._frames.write(wire.JSON, number, {"abort": f"cannot read the content: {error}"})
            return
        self._frames.write(wire.DATA, number, b"")

    def _explain_end(self, timeout: float | None) -> MooringError:
        """Why no reply came: out of time, the agent died, or the line broke."""
        if timeout is not None and self._frames.is_late:
            return ConnectionLost(f"the host did not answer within {timeout:.0f} seconds")
        status = self._process.exit_status(END_SECONDS)
        if status is None:
            return ConnectionLost("the connection to the host broke while a task was running")
        transcript = self._process.errors.decode("utf-8", "replace").strip()
        how = f"by signal {-status}" if status < 0 else f"with exit status {status}"
        return AgentError(f"the agent ended {how} while a task was running", "run", transcript)

    def close(self, timeout: float = END_SECONDS) -> None:
        """End the agent and wait for its end; a task that still runs is stopped with its children."""
        self._process.close_stdin()
        self._process.exit_status(timeout)
        self._process.close()

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
