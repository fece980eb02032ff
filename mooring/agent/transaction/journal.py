"""What a transaction is about to do, on disk before it does anything: whoever comes
later can undo it.

The state is in the file's name, so that going on needs no disk space: `transaction.nothing`,
`.reload`, `.restart` say what was the strongest thing that the daemon was asked for, `.done` that
the new configuration holds, `.undone` that the old one does again. After the last two only things
beside the files are left to be removed.
"""

from __future__ import absolute_import, division, print_function

import errno
import json
import os

from mooring.agent import host
from mooring.agent.names import raw

STATES = ("nothing", "reload", "restart", "done", "undone")
ENDED = ("done", "undone")
DRAFT = "transaction.new"
FOLDER = "/var/lib/mooring"


class Journal(object):
    """One transaction's record: `values` (plain data) and `state`, one of STATES."""

    def __init__(self, folder, values, state=None):
        self.folder, self.values, self.state = folder, values, state

    def __getitem__(self, key):
        return self.values[key]

    def path(self, state):
        return raw(os.path.join(self.folder, "transaction." + state))

    def open(self):
        """Write it; the transaction may begin."""
        try:
            make_folder(self.folder)
            draft = raw(os.path.join(self.folder, DRAFT))
            write_new(draft, json.dumps(host.plain(self.values)).encode("ascii"), 0o600)
            os.rename(draft, self.path("nothing"))
            self.state = "nothing"
            sync(self.folder)
        except EnvironmentError as error:
            raise host.Failed("cannot write the journal in %s: %s" % (self.folder, error.strerror))

    def advance(self, state):
        """What will be done next is stronger than what was done; never back."""
        if STATES.index(state) > STATES.index(self.state):
            os.rename(self.path(self.state), self.path(state))
            self.state = state
            sync(self.folder)

    def close(self):
        """Remove it: nothing of the transaction is left to undo or to tidy."""
        for name in (raw(os.path.join(self.folder, DRAFT)), self.state and self.path(self.state)):
            if name:
                remove(name)
        remove_directory(self.folder)


def make_folder(folder):
    """Its directory (below /var/lib, where root alone may write): for root's eyes only, so names in
    it are safe."""
    if not os.path.isdir(raw(folder)):
        os.mkdir(raw(folder), 0o700)
        sync(os.path.dirname(folder))


def find(folder):
    """The Journal that an earlier transaction left, or None."""
    for state in reversed(STATES):
        path = os.path.join(folder, "transaction." + state)
        try:
            data = host.read_bytes(raw(path))
        except (IOError, OSError) as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                continue
            raise host.Failed("cannot read the journal %s: %s" % (path, error.strerror))
        return Journal(folder, host.native(json.loads(data.decode("ascii"))), state)
    return None


def discard_draft(folder):
    """Remove a journal that was never finished: its transaction had not begun."""
    remove(raw(os.path.join(folder, DRAFT)))
    remove_directory(folder)


def write_new(path, data, mode):
    """A new file, on the disk before this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "wb") as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def sync(path):
    """A file's content, or the names in a directory, on the disk before this returns."""
    handle = os.open(raw(path), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path):
    """Remove a file if it is there. Looks first: a read-only file system refuses also where nothing
    is to be done."""
    if os.path.lexists(path):
        os.unlink(path)


def remove_directory(path):
    """Remove a directory if it is there and empty; one that something is mounted on stays."""
    if not os.path.isdir(raw(path)):
        return
    try:
        os.rmdir(raw(path))
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
            raise
