"""A socket whose waits end: by a deadline, by silence, by slowness, by the number of bytes. Both
sides use it.

A socket's own timeout begins anew with every byte, and within TLS with every piece of a record: who
sends one byte a second holds a reader for ever. Here nothing blocks but `poll`, and each wait is as
long as the bounds leave.
"""

from __future__ import absolute_import, division, print_function

import errno
import io
import select
import socket
import ssl
import time

BLOCK = 64 * 1024
# What may be asked for at once: a chunk's length is the other side's word, and -1 would mean all
# there is.
MOST_AT_ONCE = 8 * 1024 * 1024
HOUR = 3600.0
monotonic = getattr(time, "monotonic", time.time)


class TimeUp(socket.timeout):
    """It took longer than it may."""


class TooMuch(EnvironmentError):
    """More came than may come."""


class Bounds(object):
    """What an exchange may take.

    `idle`: how many seconds in a row nothing may come. `slowest`: how many bytes a second must come
    at least, on average over `idle` seconds of waiting; our own pauses do not count. `begin` sets
    the deadline and the most bytes.
    """

    def __init__(self, idle=None, slowest=0):
        self.idle, self.slowest = idle, slowest
        self.seconds = self.deadline = self.most = self.rest = None
        self.waited = self.came = 0

    def begin(self, seconds=None, most=None):
        """From now on, in `seconds` (None: any), no more than `most` bytes (None: any) may come."""
        self.seconds = seconds
        self.deadline = None if seconds is None else monotonic() + seconds
        self.allow(most)

    def allow(self, most):
        """From now on no more than `most` bytes; the deadline stays."""
        self.most, self.rest = most, most
        self.waited = self.came = 0

    def left(self):
        """How many seconds the next wait may take; TimeUp where none are left."""
        if self.deadline is None:
            return HOUR if self.idle is None else self.idle
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeUp("timed out: not done within %g seconds" % self.seconds)
        return left if self.idle is None else min(left, self.idle)

    def room(self, size):
        """How many of `size` bytes may be taken; one more than may come is asked for, to see that
        it is too much."""
        return size if self.rest is None else max(1, min(size, self.rest + 1))

    def count(self, size):
        """So many bytes came; TooMuch, or TimeUp where they come too slowly."""
        if self.rest is not None:
            self.rest -= size
            if self.rest < 0:
                raise TooMuch("more than %d bytes came" % self.most)
        self.came += size
        if self.idle is None or self.waited < self.idle:
            return
        if self.came < self.slowest * self.waited:
            raise TimeUp("timed out: only %d bytes came in %d seconds" % (self.came, self.waited))
        self.waited = self.came = 0


class BoundedSocket(object):
    """What http.client needs of a socket, around one that is connected; closed when its
    readers are closed too."""

    def __init__(self, sock, bounds):
        self.sock, self.bounds = sock, bounds
        self.readers, self.is_closed = 0, False
        sock.settimeout(0)

    def shake_hands(self):
        """TLS's handshake, of a socket that was wrapped without one."""
        self._repeat(select.POLLIN, self.sock.do_handshake)

    def recv(self, size):
        data = self._repeat(select.POLLIN, self.sock.recv, self.bounds.room(size))
        self.bounds.count(len(data))
        return data

    def sendall(self, data):
        view = memoryview(data)
        for start in range(0, len(view), BLOCK):
            piece = view[start:start + BLOCK].tobytes()
            while piece:
                # OpenSSL wants the very same bytes again where it could not take them.
                sent = self._repeat(select.POLLOUT, self.sock.send, piece)
                if sent:
                    piece = piece[sent:]
                else:
                    self._wait(select.POLLOUT)

    def makefile(self, mode="rb", *_, **__):
        """A buffered reader; it keeps the socket open."""
        self.readers += 1
        return _Reader(_Bytes(self), BLOCK)

    def setsockopt(self, *args):
        self.sock.setsockopt(*args)

    def release(self):
        """A reader is closed."""
        self.readers -= 1
        self._end()

    def close(self):
        self.is_closed = True
        self._end()

    def _end(self):
        if self.is_closed and self.readers <= 0:
            self.sock.close()

    def _repeat(self, event, work, *args):
        """Do it as soon as the socket is ready for it."""
        while True:
            try:
                return work(*args)
            except socket.error as error:
                awaited = _awaited(error, event)
                if awaited is None:
                    raise
            self._wait(awaited)

    def _wait(self, event):
        poll = select.poll()
        poll.register(self.sock.fileno(), event)
        left, begun = self.bounds.left(), monotonic()
        ready = _poll(poll, left)
        self.bounds.waited += monotonic() - begun
        if not ready and self.bounds.idle is not None and left >= self.bounds.idle:
            raise TimeUp("timed out: nothing came for %g seconds" % self.bounds.idle)


class _Bytes(io.RawIOBase):
    """A bounded socket's bytes as a stream."""

    def __init__(self, sock):
        io.RawIOBase.__init__(self)
        self.sock = sock

    def readable(self):
        return True

    def readinto(self, into):
        data = self.sock.recv(len(into))
        into[:len(data)] = data
        return len(data)

    def close(self):
        if not self.closed:
            io.RawIOBase.close(self)
            self.sock.release()


class _Reader(io.BufferedReader):
    """Never reads all that there is: nobody knows how much that would be."""

    def read(self, size=-1):
        if size is None or not 0 <= size <= MOST_AT_ONCE:
            raise TooMuch("a length of %s bytes was told" % size)
        return io.BufferedReader.read(self, size)


def _poll(poll, seconds):
    """Whether something happened; a signal counts as nothing yet."""
    try:
        return poll.poll(max(1, int(min(seconds, HOUR) * 1000)))
    except select.error as error:  # Python 2; its error is no EnvironmentError
        if error.args[0] != errno.EINTR:
            raise
        return [error]


def _awaited(error, event):
    """What the socket waits for before that can be done; None where it is another error."""
    if isinstance(error, ssl.SSLError):
        wanted = {ssl.SSL_ERROR_WANT_READ: select.POLLIN, ssl.SSL_ERROR_WANT_WRITE: select.POLLOUT}
        return wanted.get(error.args[0] if error.args else None)
    return event if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR) else None


def read_whole(response, bounds, most):
    """The body of an http.client response, at most that many bytes; TooMuch for more, EOFError for
    less than told."""
    bounds.allow(most + BLOCK)  # with what chunks are framed by
    parts, size = [], 0
    if response.length is not None and response.length > most:
        raise TooMuch("more than %d bytes would come" % most)
    for part in iter(lambda: response.read(BLOCK), b""):
        parts.append(part)
        size += len(part)
        if size > most:
            raise TooMuch("more than %d bytes came" % most)
    if response.length:
        raise EOFError("the answer ended %d bytes too early" % response.length)
    return b"".join(parts)
