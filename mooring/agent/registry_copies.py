"""Copying blobs from registry to registry, one after the other in each of some threads, with patience that ends."""

from __future__ import absolute_import, division, print_function

import random
import threading

from mooring.agent import bounded, registry_spool
from mooring.agent.links import Links
from mooring.agent.registry_answers import DIGEST, Refusal, Trouble, is_repository
from mooring.agent.registry_source import read_body
from mooring.agent.registry_uploads import Upload

# Seconds before the second try; each further one waits twice as long, all a bit less by chance.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30
# Who wants to be left alone for longer is left alone, and the blob fails.
LONGEST_WAIT = 120


class Stopped(Exception):
    """The run is over: nobody waits for the copy any more."""


class Pace(object):
    """When the source may be asked again: all threads leave alone who wants that. `stopped` ends them."""

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


class Copier(object):
    """Copies blobs, for one thread. `settle(blob, bytes)` is told how much of each there is."""

    def __init__(self, source, target, args, pace, settle):
        self.source, self.target, self.pace, self.settle = source, target, pace, settle
        self.directory, self.retries = args["directory"], args["retries"]
        self.links, self.sent = Links(), 0

    def copy(self, blob):
        """state, sent (bytes that came from the source), and where it failed message and retry_after."""
        self.sent = 0
        try:
            reply = {"state": self._copy(blob)}
            self.settle(blob, blob["size"])
        except Refusal as refusal:
            reply = {"state": "failed", "message": refusal.message}
            if refusal.retry_after is not None:
                reply["retry_after"] = refusal.retry_after
        return dict(reply, sent=self.sent)

    def _copy(self, blob):
        check(blob)
        repository, digest = blob["target_repository"], blob["digest"]
        if self._repeat(lambda: self.target.has(self.links, repository, digest, blob["size"])):
            registry_spool.forget(self.directory, digest)
            return "present"
        for origin in blob["mount_from"]:
            if self._repeat(lambda: self.target.mount(self.links, repository, digest, origin)):  # noqa: B023
                registry_spool.forget(self.directory, digest)
                return "mounted"
        with registry_spool.Spool(self.directory, digest) as spool:
            upload = Upload(self.target, self.links, repository, spool)
            upload.resume()
            self._fetch_right(blob, spool, upload)
            self._finish(blob, upload)
            spool.remove()
        return "copied"

    def _repeat(self, work):
        """What it returns, after some tries."""
        tries = Tries(self.retries, self.pace)
        while True:
            self.pace.check()
            try:
                return work()
            except Trouble as trouble:
                tries.spend(trouble)

    def _fetch_right(self, blob, spool, upload):
        """All of the blob in the spool, with its digest. What was put together of several answers is tried anew."""
        lost = Tries(self.retries, self.pace)
        while True:
            self._fetch(blob, spool, upload, lost)
            if spool.is_right():
                return
            upload.lose()
            is_pieced = spool.is_pieced
            spool.empty()
            if not is_pieced:
                raise Refusal("the source sends other bytes than %s stands for" % blob["digest"])

    def _fetch(self, blob, spool, upload, lost):
        """The bytes that are missing, over as many connections as it takes; each must bring some of them."""
        tries = Tries(self.retries, self.pace)
        if spool.size > blob["size"]:
            upload.lose()
            spool.empty()
        spool.check_room(blob["size"])
        while spool.size < blob["size"]:
            before = spool.size
            try:
                self.pace.pass_source()
                self._fetch_once(blob, spool, upload, lost)
            except Trouble as trouble:
                self.pace.hold(trouble)
                if spool.size - before >= self.target.chunk_size:
                    tries.count = 0
                tries.spend(trouble)

    def _fetch_once(self, blob, spool, upload, lost):
        answer, offset = self.source.open(self.links, blob, spool.size)
        surplus = spool.size - offset
        spool.is_pieced = spool.is_pieced or spool.size > 0
        try:
            for block in read_body(answer, blob["size"] - offset):
                self.pace.check()
                self.sent += len(block)
                surplus, block = max(0, surplus - len(block)), block[surplus:]
                spool.append(block)
                self.settle(blob, spool.size)
                self._send(upload.send_chunks, upload, lost)
        finally:
            answer.close()

    def _finish(self, blob, upload):
        """The upload's end. One whose answer was lost may have come to its end nevertheless."""
        tries = Tries(self.retries, self.pace)

        def finish():
            if tries.count == 0 or not self.target.has(
                    self.links, blob["target_repository"], blob["digest"], blob["size"]):
                upload.finish()

        self._send(finish, upload, tries)

    def _send(self, work, upload, tries):
        """Do something with the upload; where the registry lost it, anew from the spool's first byte on."""
        while True:
            try:
                return work()
            except Trouble as trouble:
                upload.lose()
                tries.spend(trouble)


def check(blob):
    """Refusal where the blob is none: these words become parts of URLs and names of files."""
    if not DIGEST.match(blob["digest"]):
        raise Refusal("not a digest: sha256 or sha512 in small letters is")
    for name in [blob["source_repository"], blob["target_repository"]] + blob["mount_from"]:
        if not is_repository(name):
            raise Refusal("not the name of a repository: %s" % name[:80])
    if blob["size"] < 0:
        raise Refusal("not a size: %d" % blob["size"])
