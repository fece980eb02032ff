"""A program of the operator's, run on this machine for what it prints, within
bounds of time and size."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import NamedTuple

from mooring.deadline import Deadline
from mooring.files.reading import CHUNK, LARGEST

# Of one call, in seconds, where there is as much left.
PATIENCE = 60.0
# How long what a finished program started may go on to hold its output open, in seconds.
LINGERING = 0.5
# Of what it writes to standard error, in bytes; the rest is read and dropped.
LARGEST_COMPLAINT = 64 * 1024

FOREVER = Deadline(None)


class ProgramFailed(Exception):
    """What is wrong with a program; `complaint` is what it wrote to standard error."""

    def __init__(self, problem: str, complaint: bytes = b"") -> None:
        super().__init__(problem)
        self.complaint = complaint


class Output(NamedTuple):
    """What a program that ended with status 0 wrote to standard output and standard error."""

    text: bytes
    complaint: bytes


def run(argv: list[str], within: Deadline = FOREVER) -> Output:
    """Run it to its end; ProgramFailed where that does not come, or not well, OSError where it
    cannot be started.

    It has no terminal and nothing to read: it cannot ask. Ctrl-C ends it too.
    """
    process, output = None, None
    try:
        with _hold_interrupts():
            process = _start(argv)
        output = _collect(process, Deadline(within.within(PATIENCE)))
    finally:
        if process is not None:
            _close(process, has_ended=output is not None)
    if process.returncode:
        raise ProgramFailed(_describe(process.returncode), output.complaint)
    return output


@contextlib.contextmanager
def _hold_interrupts() -> Iterator[None]:
    """Ctrl-C comes behind this block: in the midst of a start nobody would know what to end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if held:
        signal.raise_signal(signal.SIGINT)


def _start(argv: list[str]) -> subprocess.Popen[bytes]:
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(argv, stdin=nothing, stdout=pipe, stderr=pipe, start_new_session=True)


def _collect(process: subprocess.Popen[bytes], deadline: Deadline) -> Output:
    assert process.stdout is not None
    assert process.stderr is not None
    text, complaint = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, text)
        selector.register(process.stderr, selectors.EVENT_READ, complaint)
        while selector.get_map() and not deadline.is_over:
            ready = selector.select(deadline.within(LINGERING))
            if not ready and process.poll() is not None:
                break  # what it started in the background has inherited its output
            for key, _ in ready:
                part = os.read(key.fd, CHUNK)
                if not part:
                    selector.unregister(key.fileobj)
                key.data.extend(part)
            del complaint[LARGEST_COMPLAINT:]
            if len(text) > LARGEST:
                raise ProgramFailed(f"printed more than {LARGEST // (1024 * 1024)} MB", bytes(complaint))
    try:
        process.wait(deadline.left)
    except subprocess.TimeoutExpired:
        raise ProgramFailed(f"did not come to an end within {deadline.seconds:g} seconds", bytes(complaint)) from None
    return Output(bytes(text), bytes(complaint))


def _close(process: subprocess.Popen[bytes], has_ended: bool) -> None:
    """Close its output; end the program and all that it started, where it has not ended by
    itself."""
    if not has_ended:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _describe(returncode: int) -> str:
    if returncode > 0:
        return f"ended with status {returncode}"
    try:
        return f"was ended by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was ended by signal {-returncode}"
