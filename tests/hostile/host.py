"""A host at its own end of the real wire: it takes the bundle, shakes hands, and says what its
malice makes of replies.

Its agent is either the real one, in a real Python, or a table of replies by module, so that nothing
on this machine is touched. What was sent to it is kept: `asked`.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import paramiko

from mooring.agent import wire
from mooring.transport.connection.become import READY
from tests.hostile.malice import Killed, Malice

SIZE = re.compile(rb"len\(data\)<(\d+)")
HELLO = {"python": "3.11.2", "pid": 4242, "uid": 0}
CONTENT_MODULES = ("copy", "docker_image", "docker_settings")
Answers = Mapping[str, Any]


@dataclass
class Request:
    """One request that came, and the content that was sent with it."""

    number: int
    module: str
    args: dict[str, Any]
    check: bool = False
    content: bytes = b""


Converse = Callable[[paramiko.Channel, bytes], None]


@dataclass
class Host:
    """One host; `answers` are replies, or functions of the request, by module. None: the
    real agent answers."""

    name: str
    malice: Malice = field(default_factory=Malice)
    answers: Answers | None = None
    requests: list[Request] = field(default_factory=list)

    def converse(self, channel: paramiko.Channel, command: bytes) -> None:
        """One command from its start to its end, as sshd would run it."""
        talk = Talk(channel)
        size = SIZE.search(command)
        try:
            if size is None:
                channel.send_exit_status(127)
            elif self.answers is None:
                self._let_agent_answer(talk, command, int(size[1]))
            else:
                self._answer(talk, int(size[1]), self.answers)
                channel.send_exit_status(0)
        except Killed:
            channel.get_transport().close()
        except (OSError, EOFError, wire.EndOfStream):
            pass
        with contextlib.suppress(OSError, EOFError):
            channel.close()

    def _answer(self, talk: Talk, size: int, answers: Answers) -> None:
        """Every request from the table; one that it does not know fails, as on a host
        that cannot do it."""
        talk.send([READY, *self.malice.banner()])
        talk.read(size)
        talk.send([wire.MARKER])
        talk.read(struct.unpack(">I", talk.read(4))[0])
        talk.send(self.malice.hello(dict(HELLO)))
        while True:
            request = self._take(*talk.next_frame())
            if request is None:
                continue
            if request.module in CONTENT_MODULES:
                talk.send(self.malice.want(request))
                request.content = talk.read_content(request.number)
            answer = answers.get(request.module, {"failed": True, "msg": f"no {request.module} here"})
            reply = answer(request) if callable(answer) else answer
            talk.send(self.malice.reply(request, {"changed": False, **reply}))

    def _take(self, kind: bytes, number: int, body: Any) -> Request | None:
        if kind != wire.JSON:
            for request in self.requests:
                request.content += body if request.number == number else b""
            return None
        if "module" not in body:
            return None
        self.requests.append(Request(number, body["module"], body["args"], body.get("check", False)))
        return self.requests[-1]

    def _let_agent_answer(self, talk: Talk, command: bytes, size: int) -> None:
        """The real agent, with the malice between it and the wire."""
        words = ["/bin/sh", "-c", command.decode()]
        try:
            child = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
            )
        except OSError as error:
            raise RuntimeError("the test itself cannot start an agent") from error
        assert child.stdin
        assert child.stdout
        back = threading.Thread(target=self._bring_back, args=(talk, child.stdout), daemon=True)
        back.start()
        with contextlib.suppress(OSError, EOFError, wire.EndOfStream):
            child.stdin.write(talk.read(size))
            length = talk.read(4)
            child.stdin.write(length + talk.read(struct.unpack(">I", length)[0]))
            while True:
                # Noted before the agent has it, which may answer at once.
                self._take(*talk.next_frame())
                child.stdin.write(talk.last)
        child.stdin.close()
        back.join()
        talk.channel.send_exit_status(child.wait())

    def _bring_back(self, talk: Talk, stdout: Any) -> None:
        reader = Reader(lambda: os.read(stdout.fileno(), 65536))
        with contextlib.suppress(OSError, EOFError, wire.EndOfStream):
            talk.send([reader.until(wire.MARKER), *self.malice.banner(), wire.MARKER])
            while True:
                kind, number, body = wire.unpack(reader.read)
                talk.send(self._changed(kind, number, body))
        stdout.close()

    def _changed(self, kind: bytes, number: int, body: Any) -> Iterable[bytes]:
        if kind == wire.JSON and "hello" in body:
            return self.malice.hello(body["hello"])
        if kind == wire.JSON and "reply" in body:
            request = next(request for request in reversed(self.requests) if request.number == number)
            return self.malice.reply(request, body["reply"])
        return [wire.pack(kind, number, body)]


class Reader:
    """Exact reads from something that gives pieces."""

    def __init__(self, fill: Callable[[], bytes]) -> None:
        self._fill, self._buffer = fill, bytearray()

    def read(self, size: int) -> bytes:
        """Exactly so many bytes; EndOfStream where they do not come."""
        while len(self._buffer) < size:
            self._more()
        return self._cut(size)

    def until(self, mark: bytes) -> bytes:
        """What comes before the mark, which is dropped."""
        while mark not in self._buffer:
            self._more()
        before = self._cut(self._buffer.index(mark))
        self._cut(len(mark))
        return before

    def _more(self) -> None:
        data = self._fill()
        if not data:
            raise wire.EndOfStream("nothing more comes")
        self._buffer += data

    def _cut(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data


class Talk:
    """The channel; `last` are the bytes of the last frame."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self.channel = channel
        self.last = b""
        self._reader = Reader(lambda: channel.recv(65536))

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        data = self._reader.read(size)
        self.last += data
        return data

    def next_frame(self) -> tuple[bytes, int, Any]:
        """The next frame of the control machine."""
        self.last = b""
        frame: tuple[bytes, int, Any] = wire.unpack(self.read)
        return frame

    def read_content(self, number: int) -> bytes:
        """The content that was asked for."""
        return b"".join(self._pieces(number))

    def _pieces(self, number: int) -> Iterator[bytes]:
        while True:
            kind, about, body = self.next_frame()
            if about == number:
                if kind == wire.JSON or not body:
                    return
                yield body

    def send(self, pieces: Iterable[bytes]) -> None:
        """Say all of it, as long as somebody listens."""
        for piece in pieces:
            self.channel.sendall(piece)
