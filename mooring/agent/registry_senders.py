"""A thread that sends a blob's chunks on while the blob still comes."""

from __future__ import absolute_import, division, print_function

import threading

from mooring.agent.registry_answers import Refusal
from mooring.agent.registry_patience import Stopped


class Sender(object):
    """Sends the whole chunks of an upload's spool, in a `with` block; the upload is
    nobody else's meanwhile.

    What is left at the end of the block, the upload's own `finish` sends.
    """

    def __init__(self, upload, tries):
        self.upload, self.tries = upload, tries
        self.news = threading.Condition()
        self.refusal, self.is_over = None, False
        self.thread = threading.Thread(target=self._serve)
        self.thread.daemon = True

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with self.news:
            self.is_over = True
            self.news.notify()
        self.thread.join()

    def tell(self):
        """The spool has grown; Refusal where the registry takes nothing of it."""
        if self.refusal is not None:
            raise self.refusal
        if self.upload.has_chunk():
            with self.news:
                self.news.notify()

    def _serve(self):
        try:
            while self._wait():
                self.upload.persist(self.upload.send_chunks, self.tries)
        except Refusal as refusal:
            self.refusal = refusal
        except Stopped:
            pass

    def _wait(self):
        """Whether there is a chunk to send before it is over."""
        with self.news:
            while not self.is_over and not self.upload.has_chunk():
                self.news.wait()
            return not self.is_over
