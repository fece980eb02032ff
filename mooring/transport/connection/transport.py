"""paramiko's transport, made safe against what is at its other end: it keeps quiet, keeps limits,
and asks for life."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA

from mooring.transport.connection.line import Line, Packets

OFFERS = ("kex algos: ", "server key: ", "server encrypt: ", "server mac: ")
# A question that is younger than this is not called unanswered yet.
PATIENCE = 5.0
MSG_GLOBAL_REQUEST = bytes([80])


class Transport(paramiko.Transport):
    """One hop. `offers` remembers what the server offered, for the message at a failure.

    `watch` makes it ask for a sign of life whenever nothing came for a while: the request wants a
    reply, and any packet is one. So many questions without any, and the line is dead.
    """

    def __init__(self, line: Line) -> None:
        self.offers: dict[str, str] = {}
        self.line = line
        self._interval, self._count = 0.0, 0
        self._asked, self._missed = 0.0, 0
        self._sending = threading.RLock()
        super().__init__(line, packetizer_class=Packets)  # type: ignore[arg-type]
        line.on_quiet = self._look_for_life
        own = {MSG_CHANNEL_DATA: self._feed, MSG_CHANNEL_EXTENDED_DATA: self._feed_extended}
        self._channel_handler_table = {**paramiko.Transport._channel_handler_table, **own}  # type: ignore[attr-defined]

    def watch(self, interval: float, count: int) -> None:
        """Ask every `interval` seconds (0: never); after `count` questions without an
        answer the line ends."""
        self._interval, self._count = interval, count

    @property
    def trouble(self) -> str:
        """Why the connection ended, where this side ended it; empty otherwise."""
        return self.line.reason

    @property
    def quiet_seconds(self) -> float:
        """Since when nothing was heard, where a question waits for its answer; else 0."""
        now = time.monotonic()
        is_waiting = self._missed > 0 and self._asked > self.line.heard and now - self._asked > PATIENCE
        return now - self.line.heard if is_waiting else 0.0

    def get_exception(self) -> Exception | None:
        """What ended the connection: always an error that speaks of SSH, whatever the host made
        paramiko stumble on."""
        error: Exception | None = super().get_exception()
        if error is None or isinstance(error, (paramiko.SSHException, EOFError, OSError)):
            return error
        return paramiko.SSHException(f"the host sent something that makes no sense ({type(error).__name__})")

    def _look_for_life(self) -> None:
        """Called by this transport's own thread while nothing comes."""
        now, heard = time.monotonic(), self.line.heard
        if not self._interval or now - max(heard, self._asked) < self._interval:
            return
        if heard > self._asked:
            self._missed = 0
        if self._missed >= self._count:
            self.line.end(f"the host did not answer for {now - heard:.0f} seconds ({self._missed} keepalives missed)")
        if not self._sending.acquire(blocking=False):
            # Something is being sent and the host does not take it; where it took some of it
            # meanwhile it lives.
            self._missed += self.line.took <= self._asked
            self._asked = now
            return
        try:
            self._missed += 1
            self._asked = now
            self._ask()
        finally:
            self._sending.release()

    def _ask(self) -> None:
        """A keepalive as OpenSSH's, unless keys are being exchanged: then the answer to
        those is the sign."""
        if not self.clear_to_send_lock.acquire(blocking=False):
            return
        try:
            if self.clear_to_send.is_set():
                message = paramiko.Message()
                message.add_byte(MSG_GLOBAL_REQUEST)
                message.add_string("keepalive@openssh.com")
                message.add_boolean(True)
                super()._send_message(message)  # type: ignore[misc]
        finally:
            self.clear_to_send_lock.release()

    def _send_message(self, data: paramiko.Message) -> None:
        with self._sending:
            super()._send_message(data)  # type: ignore[misc]

    def _log(self, level: int, msg: Any, *args: Any) -> None:
        if level == logging.DEBUG and isinstance(msg, str) and msg.startswith(OFFERS):
            kind, _, names = msg.partition(": ")
            self.offers.setdefault(kind, names[:500])

    # --- what comes in for a channel may not be more than its window has room for ---

    def _feed(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        self._take(channel, message, MSG_CHANNEL_DATA)

    def _feed_extended(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        self._take(channel, message, MSG_CHANNEL_EXTENDED_DATA)

    def _take(self, channel: paramiko.Channel, message: paramiko.Message, kind: int) -> None:
        self.line.useful += message.packet.getbuffer().nbytes
        paramiko.Transport._channel_handler_table[kind](channel, message)  # type: ignore[attr-defined]
        if len(channel.in_buffer) + len(channel.in_stderr_buffer) > channel.in_window_size:
            raise paramiko.SSHException("the host sends more than it was given room for")
