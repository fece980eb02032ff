"""One change of an engine at a time. The kernel takes the lock away when its holder ends,
however that comes."""

from __future__ import absolute_import, division, print_function

import errno
import fcntl
import json
import os
import time

from mooring.agent import host
from mooring.agent.names import raw
from mooring.agent.transaction import processes

NAME = "mooring.lock"
AGENT, GUARD = "agent", "guard"


class Held(Exception):
    """Another process has the lock; `holder` is what it wrote about itself ({}
    when it has not yet)."""

    def __init__(self, holder):
        Exception.__init__(self, "the lock is held")
        self.holder = holder


class Lock(object):
    """The lock file below `folder`, held until `release`, which removes it."""

    def __init__(self, folder, role=AGENT):
        self.path = os.path.join(folder, NAME)
        self.role = role
        self.handle = None

    def take(self):
        """Take the lock at once, or raise Held. A file that nobody locks does not count."""
        while True:
            handle = open_file(self.path)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (IOError, OSError) as error:
                holder = read_holder(handle)
                os.close(handle)
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                raise Held(holder)
            if is_same_file(handle, self.path):
                self.handle = handle
                self.sign()
                return
            # Its last holder removed it between our opening and our locking.
            os.close(handle)

    def sign(self):
        """Write who holds it."""
        words = {"pid": os.getpid(), "login": processes.login(), "role": self.role,
                 "since": stamp()}
        os.ftruncate(self.handle, 0)
        try:
            os.write(self.handle, json.dumps(words).encode("ascii"))
        except OSError:
            # A full file system below /run: the lock holds also without a name in it.
            pass

    def release(self):
        if self.handle is not None:
            os.unlink(raw(self.path))
            os.close(self.handle)
            self.handle = None


def stamp():
    """The host's local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S")


def open_file(path):
    """The lock file's descriptor, closed in children: a child that outlives us must
    not hold the lock.

    It is in /run, where root alone may write; a link under its name is refused all the same.
    """
    try:
        handle = os.open(raw(path), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise host.Failed("cannot open the lock %s: %s" % (path, error.strerror))
    fcntl.fcntl(handle, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    return handle


def is_same_file(handle, path):
    try:
        there = os.stat(raw(path))
    except OSError:
        return False
    here = os.fstat(handle)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def read_holder(handle):
    try:
        return host.native(json.loads(os.read(handle, 4096).decode("ascii")))
    except (ValueError, OSError):
        return {}
