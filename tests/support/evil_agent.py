"""A host that speaks the wire as it likes: a program in place of the agent, over real pipes."""

from __future__ import annotations

import shlex
import struct
import sys
from pathlib import Path

from mooring.agent import wire
from mooring.transport.connection.local import LocalConnection, LocalProcess
from mooring.transport.connection.process import Process

HELLO = {"hello": {"python": "3.6.8", "pid": 1, "uid": 0}}
# Takes the bundle away, so that nobody waits; says what is
# in the file, in pieces; stays until its input ends.
PROGRAM = """
import os, sys, threading, time
def swallow():
    while os.read(0, 65536): pass
    os._exit(0)
threading.Thread(target=swallow, daemon=True).start()
pause, loops, path, stream = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
data = open(path, "rb").read()
size = len(data) if not pause else 1
while loops:
    loops -= 1
    for start in range(0, len(data), size):
        view = data[start:start + size]
        while view: view = view[os.write(stream, view):]
        time.sleep(pause)
time.sleep(60)
"""


def greeting(hello: object = HELLO) -> bytes:
    return wire.MARKER + wire.pack(wire.JSON, 0, hello)


def json_frame(data: bytes, number: int = 1) -> bytes:
    """A frame with these very bytes as its body."""
    return wire.HEADER.pack(wire.JSON, number, len(data)) + data


def header(kind: bytes, number: int, length: int) -> bytes:
    return struct.pack(">cII", kind, number, length)


class EvilHost(LocalConnection):
    """Whatever is to be started, this is said: once, or `loops` times (-1: for ever),
    perhaps byte by byte."""

    def __init__(self, folder: Path, output: bytes, pause: float = 0.0, loops: int = 1, stream: int = 1) -> None:
        super().__init__()
        self.file, self.program = folder / "said", folder / "evil.py"
        self.file.write_bytes(output)
        self.program.write_text(PROGRAM)
        self.words = [sys.executable, str(self.program), str(pause), str(loops), str(self.file), str(stream)]
        self.processes: list[LocalProcess] = []

    def start(self, command: str) -> Process:
        process = super().start("exec " + shlex.join(self.words))
        assert isinstance(process, LocalProcess)
        self.processes.append(process)
        return process
