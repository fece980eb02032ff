"""The agent on a host, seen from here: start it, send requests, take replies.

What a host sends is checked here and in frames.py and messages.py: a frame outside of the protocol
ends the agent, and is an AgentError of this host alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from mooring.agent import wire
from mooring.deadline import Deadline
from mooring.errors import AgentError, ArgumentError, ConnectionLost, HostUnreachable, OutOfTime
from mooring.transport import replies
from mooring.transport.bundle import Bundle
from mooring.transport.connection.become import Become
from mooring.transport.connection.process import Connection
from mooring.transport.frames import Frames, Silent
from mooring.transport.launch import END_SECONDS, Launch
from mooring.transport.messages import Malformed, StepProgress, name_kind
from mooring.transport.request import Content, ModuleRequest, OnProgress, Underway

# From the first packet to the agent's hello, in all.
START_SECONDS = 60.0
OnQuiet = Callable[[float], None]


class Remote:
    """One agent. Not for several threads at once, except `close`, which may come from any.

    `on_quiet` is told the seconds since a host was last heard of while it does not answer, and 0
    when it does again.
    """

    def __init__(self, frames: Frames, hello: Mapping[str, Any]) -> None:
        self._frames, self._process = frames, frames.process
        self.hello = hello
        self.on_quiet: OnQuiet | None = None
        self._underway: dict[int, Underway] = {}
        self._last = 0
        self._is_quiet = False
        self._end: HostUnreachable | None = None
        frames.set_watch(self._watch)

    @classmethod
    def start(
        cls,
        connection: Connection,
        bundle: Bundle,
        become: Become | None = None,
        interpreter: str | None = None,
        timeout: float | Deadline = START_SECONDS,
    ) -> Remote:
        """Start the agent over a connection, as another user if asked, and wait for its hello.

        Raises AgentError (stage "no python" or "start"), BecomeFailed or ConnectionLost.
        """
        if become is not None and become.user == connection.user:
            become = None
        deadline = timeout if isinstance(timeout, Deadline) else Deadline(timeout)
        return cls(*Launch(connection, bundle, become, interpreter).run(deadline))

    def send(
        self,
        module: str,
        args: Mapping[str, Any],
        *,
        content: Content | None = None,
        on_progress: OnProgress | None = None,
        deadline: Deadline | None = None,
        **mode: Any,
    ) -> int:
        """Send a request, perhaps ahead of others' replies; returns its number for `receive`.

        `mode` is what ModuleRequest has besides: check, diff, environment.
        """
        request = ModuleRequest(module, args, **mode)
        if self._end is not None:
            raise self._end
        self._last += 1
        self._underway[self._last] = Underway(content, on_progress)
        self._frames.deadline = deadline or Deadline(None)
        try:
            self._frames.write(wire.JSON, self._last, request.message())
        except (Silent, ConnectionLost) as error:
            self._give_up(self._explain_end(error))
        except (TypeError, ValueError, RecursionError) as error:
            # YAML knows values that JSON does not, such as dates; nothing was sent.
            del self._underway[self._last]
            raise ArgumentError(f"{module}: its arguments cannot be written as JSON: {error}") from None
        return self._last

    def receive(self, number: int, deadline: Deadline | None = None) -> dict[str, Any]:
        """A request's reply; serves whatever other requests need until it comes.

        Raises OutOfTime when it does not come by the deadline, ConnectionLost, or AgentError when
        the agent died or did not keep to the protocol. After any of these the agent is gone.
        """
        self._frames.deadline = deadline or Deadline(None)
        self._frames.begin_count()
        request = self._underway[number]
        try:
            while request.reply is None:
                self._serve_frame()
        except (Silent, ConnectionLost) as error:
            self._give_up(self._explain_end(error))
        except ValueError as error:
            self._give_up(AgentError(f"the agent's answer makes no sense: {error}"))
        finally:
            self._answer_again()
        del self._underway[number]
        request.tell_rest()
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
        """Run a module on the host and return its reply, which must come within `timeout` seconds;
        `mode` as for `send`, errors as for `receive`."""
        deadline = Deadline(timeout)
        sent = self.send(module, args, content=content, on_progress=on_progress, deadline=deadline, **mode)
        return self.receive(sent, deadline)

    def _serve_frame(self) -> None:
        number, body = self._frames.read()
        self._answer_again()
        kind, request = name_kind(body), self._underway.get(number)
        if request is None or request.reply is not None:
            raise Malformed(f"a {kind} for request {number}, which waits for none")
        if kind == "reply":
            request.reply = replies.check(body["reply"])
        elif kind == "progress":
            request.tell(StepProgress.of(body["progress"]), time.monotonic())
        else:
            self._send_content(number, request)

    def _send_content(self, number: int, request: Underway) -> None:
        """Send the content in frames; stop early when the reply comes meanwhile:
        nobody wants the rest."""
        if request.is_content_asked:
            raise Malformed("the content is wanted a second time")
        request.is_content_asked = True
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

    def _watch(self) -> None:
        """While a reply is waited for: tell when the host does not answer."""
        seconds = self._process.quiet_seconds
        if seconds and not self._is_quiet and self.on_quiet is not None:
            self._is_quiet = True
            self.on_quiet(seconds)
        elif not seconds:
            self._answer_again()

    def _answer_again(self) -> None:
        if self._is_quiet and self.on_quiet is not None:
            self.on_quiet(0.0)
        self._is_quiet = False

    def _give_up(self, error: HostUnreachable) -> NoReturn:
        """End the agent: after this nothing that it says could be trusted to belong to a
        request."""
        self._end = error
        self._process.close()
        raise error from None

    def _explain_end(self, error: Exception) -> HostUnreachable:
        """Why no reply came: out of time, the agent died, or the line broke."""
        if self._frames.is_late:
            seconds = self._frames.deadline.seconds or 0.0
            return OutOfTime(f"the host did not answer within {seconds:.0f} seconds")
        status = self._process.exit_status(END_SECONDS)
        if status is None:
            reason = self._process.trouble or (error.reason if isinstance(error, ConnectionLost) else "")
            return ConnectionLost(reason or "the connection to the host broke while a task was running")
        transcript = self._process.errors.decode("utf-8", "replace").strip()
        how = f"by signal {-status}" if status < 0 else f"with exit status {status}"
        return AgentError(f"the agent ended {how} while a task was running", "run", transcript)

    def close(self, timeout: float = END_SECONDS) -> None:
        """End the agent and wait for its end; a task that still runs is stopped with its
        children."""
        self._process.close_stdin()
        self._process.exit_status(timeout)
        self._process.close()

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
