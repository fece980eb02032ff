"""Copying blobs from registry to registry, one after the other in each of some threads, with
patience that ends."""

from __future__ import absolute_import, division, print_function

from mooring.agent import registry_spool
from mooring.agent.links import Links
from mooring.agent.registry_answers import DIGEST, Refusal, Trouble, is_repository
from mooring.agent.registry_patience import Tries
from mooring.agent.registry_senders import Sender
from mooring.agent.registry_source import read_body
from mooring.agent.registry_uploads import Upload


class Copier(object):
    """Copies blobs, for one thread. `settle(blob, bytes)` is told how much of each there is.

    While a blob comes, a second thread sends its chunks on: what waits for a disk does not keep the
    line waiting.
    """

    def __init__(self, source, target, args, pace, settle):
        self.source, self.target, self.pace, self.settle = source, target, pace, settle
        self.directory, self.retries = args["directory"], args["retries"]
        self.links, self.upload_links, self.sent = Links(), Links(), 0

    def close(self):
        """No more blobs come."""
        self.links.close()
        self.upload_links.close()

    def copy(self, blob):
        """state, sent (bytes that came from the source), and where it failed message and
        retry_after."""
        self.sent = 0
        try:
            reply = {"state": self._copy(blob)}
            self.settle(blob, blob["size"])
        except Refusal as refusal:
            reply = {"state": "failed", "message": refusal.message}
            if refusal.retry_after is not None:
                reply["retry_after"] = refusal.retry_after
        except EnvironmentError as error:
            reply = {"state": "failed", "message": "%s: %s" % (self.directory, error.strerror or error)}
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
            upload = Upload(self.target, self.upload_links, repository, spool)
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
        """All of the blob in the spool, with its digest. What was put together of several answers
        is tried anew."""
        if spool.size > blob["size"]:
            upload.lose()
            spool.empty()
        while True:
            spool.check_room(blob["size"])
            with Sender(upload, Tries(self.retries, self.pace)) as sender:
                self._fetch(blob, spool, sender)
            if spool.is_right():
                return
            upload.lose()
            is_pieced = spool.is_pieced
            spool.empty()
            if not is_pieced:
                raise Refusal("the source sends other bytes than %s stands for" % blob["digest"])

    def _fetch(self, blob, spool, sender):
        """The bytes that are missing, over as many connections as it takes; each must
        bring some of them."""
        tries = Tries(self.retries, self.pace)
        while spool.size < blob["size"]:
            before = spool.size
            try:
                self.pace.pass_source()
                self._fetch_once(blob, spool, sender)
            except Trouble as trouble:
                self.pace.hold(trouble)
                if spool.size - before >= self.target.chunk_size:
                    tries.count = 0
                tries.spend(trouble)

    def _fetch_once(self, blob, spool, sender):
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
                sender.tell()
        finally:
            answer.close()

    def _finish(self, blob, upload):
        """The upload's end. One whose answer was lost may have come to its end nevertheless."""
        tries = Tries(self.retries, self.pace)

        def finish():
            if tries.count == 0 or not self.target.has(
                    self.links, blob["target_repository"], blob["digest"], blob["size"]):
                upload.finish()

        upload.persist(finish, tries)


def check(blob):
    """Refusal where the blob is none: these words become parts of URLs and names of files."""
    if not DIGEST.match(blob["digest"]):
        raise Refusal("not a digest: sha256 or sha512 in small letters is")
    for name in [blob["source_repository"], blob["target_repository"]] + blob["mount_from"]:
        if not is_repository(name):
            raise Refusal("not the name of a repository: %s" % name[:80])
    if blob["size"] < 0:
        raise Refusal("not a size: %d" % blob["size"])
