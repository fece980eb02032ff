"""The agent's two pipes to the control machine: exact reads, whole writes, and notice of the
end."""

from __future__ import absolute_import, division, print_function

import errno
import os
import select
import time

from mooring.agent import wire

# How much may arrive ahead while a module runs; beyond that the agent stops reading until the
# module is done.
AHEAD = 8 * 1024 * 1024
INTERRUPTIONS = (errno.EINTR, errno.EAGAIN, errno.EWOULDBLOCK)


def wait(readers, writers, timeout=None):
    """select.select over readers and writers that goes on after a signal; two lists of ready
    descriptors."""
    end = None if timeout is None else time.time() + timeout
    while True:
        left = None if end is None else max(0.0, end - time.time())
        try:
            return select.select(readers, writers, [], left)[:2]
        except (OSError, select.error) as error:  # Python 2 does not go on by itself
            if error.args[0] != errno.EINTR:
                raise


class Channel(object):
    """Frames over an input and an output descriptor.

    Both may be non-blocking: sudo with I/O logging hands over such ones, so every
    EAGAIN waits by select.
    """

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.buffer = bytearray()
        self.waiting = []

    def fill(self):
        """Take in what has arrived, waiting for the first byte; EndOfStream when nothing will
        come."""
        while True:
            try:
                data = os.read(self.source, 1024 * 1024)
            except (IOError, OSError) as error:
                if error.errno not in INTERRUPTIONS:
                    raise wire.EndOfStream(str(error))
                wait([self.source], [])
                continue
            if not data:
                raise wire.EndOfStream("the control machine closed the channel")
            self.buffer += data
            return

    def watched(self):
        """Descriptors to wait for besides others, so that the end of the channel
        is noticed at once."""
        return [self.source] if len(self.buffer) < AHEAD else []

    def pause(self, seconds):
        """Sleep, but raise EndOfStream when the channel ends meanwhile."""
        end = time.time() + seconds
        while True:
            left = end - time.time()
            if left <= 0:
                return
            if wait(self.watched(), [], left)[0]:
                self.fill()

    def read(self, size):
        """Exactly `size` bytes."""
        while len(self.buffer) < size:
            self.fill()
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def write(self, data):
        """All of the bytes; EndOfStream when nobody takes them any more."""
        view = memoryview(data)
        while len(view):
            try:
                view = view[os.write(self.target, view[: wire.CHUNK]):]
            except (IOError, OSError) as error:
                if error.errno not in INTERRUPTIONS:
                    raise wire.EndOfStream(str(error))
                wait([], [self.target])

    def send(self, number, message):
        """One JSON frame."""
        self.write(wire.pack(wire.JSON, number, message))

    def next_request(self):
        """The next JSON frame as (number, message); left-over DATA of finished requests is
        dropped."""
        if self.waiting:
            return self.waiting.pop(0)
        while True:
            kind, number, body = wire.unpack(self.read)
            if kind == wire.JSON:
                return number, body

    def next_data(self, number):
        """The next body for a request that asked for content: bytes (b"" at its end) or
        {"abort": reason}.

        Requests that were sent ahead wait in the queue meanwhile.
        """
        while True:
            kind, about, body = wire.unpack(self.read)
            if about == number:
                return body
            if kind == wire.JSON:
                self.waiting.append((about, body))
