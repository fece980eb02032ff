"""Child processes: run one, feed it, collect its output, and never leave it behind."""

from __future__ import absolute_import, division, print_function

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time

from mooring.agent.channel import wait
from mooring.agent.text import as_bytes

PY2 = sys.version_info[0] == 2
GRACE = 2.0


class TimedOut(Exception):
    """The child took longer than it may; it and its group are gone."""


class NotStarted(Exception):
    """There is no such program, or it may not be run; `cause` is the system's error."""

    def __init__(self, cause):
        Exception.__init__(self, str(cause))
        self.cause = cause


def _begin():
    """In the child on Python 2: a group of its own, and the signals that Python
    ignores back to normal."""
    os.setsid()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def start(argv, env, cwd, with_stdin):
    """A Popen in a session of its own, with output pipes; raises OSError when there
    is no such program.

    Its words are passed as bytes: under LANG=C Python 3.6 would refuse to encode them.
    """
    separate = {"preexec_fn": _begin} if PY2 else {"start_new_session": True}
    null = None if with_stdin else open(os.devnull, "rb")
    try:
        return subprocess.Popen(
            [as_bytes(word) for word in argv], stdin=subprocess.PIPE if with_stdin else null,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=cwd and as_bytes(cwd), close_fds=True,
            bufsize=0, **separate
        )
    finally:
        if null is not None:
            null.close()


def end(child):
    """End a child's whole group: first politely, then for certain."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except OSError:
            break
        limit = time.time() + GRACE
        while child.poll() is None and time.time() < limit:
            time.sleep(0.02)
    child.poll()


class _Held(object):
    """Signals that wait from now until `release`: a program that was just begun must
    not be lost by one.

    Python 2.7 cannot block signals, so the handlers are exchanged.
    """

    def __init__(self):
        self.came, self.handlers = [], {}
        try:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                handler = signal.getsignal(number)
                if callable(handler):
                    self.handlers[number] = handler
                    signal.signal(number, self._hold)
        except ValueError:  # not the main thread, to which no signal comes
            self.handlers = {}

    def _hold(self, number, frame):
        self.came.append(number)

    def release(self):
        """Give the handlers their signals back, also those that came; their
        exceptions are the caller's."""
        while self.handlers:
            number, handler = next(iter(self.handlers.items()))
            signal.signal(number, handler)
            del self.handlers[number]
        while self.came:
            signal.getsignal(self.came[0])(self.came.pop(0), None)


def run(argv, env, cwd, data, timeout, session):
    """Start a program and collect what it says: (rc, out, err); what ends the one
    also ends the other."""
    held = _Held()
    try:
        try:
            child = start(argv, env, cwd, data is not None)
        except (OSError, ValueError) as error:
            raise NotStarted(error)
        try:
            held.release()
            out, err = collect(child, data, timeout, session)
        except BaseException:
            end(child)
            raise
    finally:
        held.release()
    return child.returncode, out, err


def collect(child, data, timeout, session):
    """Feed `data`, read both outputs until the child ends; (out, err) as bytes.

    Output that a background process still holds open after the child's end is not waited for, as in
    Ansible. Raises when time is up (TimedOut), when the channel ends, or on a signal.
    """
    limit = None if timeout is None else time.time() + timeout
    exchange = _Exchange(child, data)
    try:
        while exchange.readers:
            if exchange.step(session, limit) is False and child.poll() is not None:
                break
        _await_exit(child, limit, session)
    finally:
        exchange.close()
    return b"".join(exchange.outputs[child.stdout]), b"".join(exchange.outputs[child.stderr])


def _await_exit(child, limit, session):
    nap = 0.001
    while child.poll() is None:
        _check_time(limit)
        session.pause(nap)
        nap = min(nap * 2, 0.1)


def _check_time(limit):
    if limit is not None and time.time() > limit:
        raise TimedOut()


class _Exchange(object):
    """The three pipes of a child, served without blocking on any of them."""

    def __init__(self, child, data):
        self.stdin = child.stdin
        self.data = memoryview(data or b"")
        self.readers = [child.stdout, child.stderr]
        self.outputs = {child.stdout: [], child.stderr: []}
        for pipe in [self.stdin] + self.readers:
            if pipe is not None:
                flags = fcntl.fcntl(pipe, fcntl.F_GETFL)
                fcntl.fcntl(pipe, fcntl.F_SETFL, flags | os.O_NONBLOCK)

    def step(self, session, limit):
        """Serve what is ready; False when nothing was for half a second."""
        _check_time(limit)
        if self.stdin is not None and not len(self.data):
            self._close_stdin()
        writers = [self.stdin] if self.stdin is not None else []
        watched = session.watched()
        ready, writable = wait(self.readers + watched, writers, 0.5)
        for pipe in ready:
            if pipe in watched:
                session.fill()
            else:
                self._take(pipe)
        if writable:
            self._feed()
        return bool(ready or writable)

    def _take(self, pipe):
        try:
            data = os.read(pipe.fileno(), 1024 * 1024)
        except (IOError, OSError) as error:
            if error.errno == errno.EAGAIN:
                return
            data = b""
        if data:
            self.outputs[pipe].append(data)
        else:
            self.readers.remove(pipe)

    def _feed(self):
        try:
            self.data = self.data[os.write(self.stdin.fileno(), self.data[:65536]):]
        except (IOError, OSError) as error:
            if error.errno != errno.EAGAIN:  # the child does not want to read any more; that is its right
                self._close_stdin()

    def _close_stdin(self):
        try:
            self.stdin.close()
        except (IOError, OSError):
            pass
        self.stdin = None

    def close(self):
        if self.stdin is not None:
            self._close_stdin()
        for pipe in self.outputs:
            pipe.close()
