"""How often a copy is tried, when, and when it is given up."""

from __future__ import absolute_import, division, print_function

import random
import threading

from mooring.agent import bounded
from mooring.agent.registry_answers import Refusal

# Seconds before the second try; each further one waits twice as long, all a bit less by chance.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30
# Who wants to be left alone for longer is left alone, and the blob fails.
LONGEST_WAIT = 120


class Stopped(Exception):
    """The run is over: nobody waits for the copy any more."""


class Pace(object):
    """When the source may be asked again: all threads leave alone who wants that.
    `stopped` ends them."""

    def __init__(self):
        self.stopped = threading.Event()
        self.next = 0.0
        self.reason = ""

    def hold(self, trouble):
        """The source wants to be left alone for so long."""
        if trouble.retry_after is not None:
            self.next = max(self.next, bounded.monotonic() + trouble.retry_after)
            self.reason = trouble.message

    def pass_source(self):
        """Wait until the source may be asked; Refusal where that is too long from now."""
        while True:
            left = self.next - bounded.monotonic()
            if left > LONGEST_WAIT:
                raise Refusal("%s; it wants to be left alone for %d seconds" % (self.reason, left), int(left) + 1)
            if left <= 0:
                return self.check()
            self.wait(left * random.uniform(1, 1.1))

    def wait(self, seconds):
        self.stopped.wait(seconds)
        self.check()

    def check(self):
        if self.stopped.is_set():
            raise Stopped()


class Tries(object):
    """How often something may fail in a row, and how long the next try waits."""

    def __init__(self, most, pace):
        self.most, self.pace, self.count = most, pace, 0

    def spend(self, trouble):
        """Wait for the next try; Refusal where none is left."""
        self.count += 1
        if self.count > self.most:
            raise Refusal("%s; given up after %d tries" % (trouble.message, self.count), trouble.retry_after)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self.count - 1))
        self.pace.wait(pause * random.uniform(0.5, 1))
