"""What has come of a blob, on this host's disk: a killed run goes on there instead of
fetching it again.

A registry gives up an upload whose PATCH was cut: its state names an offset that its data has
passed (2.8 answers 404 BLOB_UPLOAD_INVALID ever after, whether one byte of the chunk was written or
all of it and only the answer was lost). So what was fetched must not be in the registry's upload
alone. Beside the blob's bytes a note keeps the upload and how far it is, so that an upload that was
not cut goes on too.
"""

from __future__ import absolute_import, division, print_function

import errno
import fcntl
import hashlib
import io
import json
import os
import re
import stat
import time

from mooring.agent import bounded
from mooring.agent.registry_answers import Refusal

BLOCK = 256 * 1024
MOST_NOTE = 32 * 1024
# What nobody has gone on with for a week is of no run that will.
STALE_SECONDS = 7 * 24 * 3600
OWN_NAME = re.compile(r"^sha(?:256|512)-[0-9a-f]{64,128}(?:[.](?:json|new))?\Z")
FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


class Slice(object):
    """A part of a file as the body of a request; by a descriptor of its own, for the file is
    written meanwhile."""

    def __init__(self, handle, start, size):
        self.handle, self.size, self.place = handle, size, 0
        os.lseek(handle, start, os.SEEK_SET)

    def __len__(self):
        return self.size

    def read(self, _=None):
        """The next block, whatever is asked for: http.client would take them very small."""
        size = min(bounded.BLOCK, self.size - self.place)
        data = os.read(self.handle, size) if size else b""
        self.place += len(data)
        return data


class Spool(object):
    """One blob's file and its note; nobody else has them while they are open."""

    def __init__(self, directory, digest):
        self.directory, self.digest = directory, digest
        self.path = os.path.join(directory, digest.replace(":", "-"))
        self.handle = self.reader = self.size = self.hash = None
        self.is_refused = False
        # Whether it is put together from what came in several answers, of which one may be of
        # another blob.
        self.is_pieced = False

    def __enter__(self):
        self.handle = lock(self.path)
        if self.handle is None:
            raise Refusal("another run copies this blob to this server at this moment: wait for it")
        try:
            self.reader = os.open(self.path, READING)
            self._read()
        except EnvironmentError as error:
            self.close()
            raise Refusal("cannot read %s: %s" % (self.path, error.strerror))
        return self

    def __exit__(self, *_):
        if self.is_refused or not self.size:
            self.remove()
        self.close()

    def _read(self):
        """What an earlier run has left."""
        self.hash, self.size = hashlib.new(self.digest.partition(":")[0]), 0
        for block in iter(lambda: os.read(self.handle, BLOCK), b""):
            self.hash.update(block)
            self.size += len(block)
        self.is_pieced = self.size > 0

    def append(self, block):
        """Take a block in; Refusal where the disk does not."""
        try:
            os.lseek(self.handle, self.size, os.SEEK_SET)
            view = memoryview(block)
            while len(view):
                view = view[os.write(self.handle, view):]
        except EnvironmentError as error:
            self.is_refused = True
            raise Refusal("cannot write %s: %s" % (self.path, error.strerror))
        self.hash.update(block)
        self.size += len(block)

    def is_right(self):
        """Whether the bytes have the digest."""
        return self.hash.hexdigest() == self.digest.partition(":")[2]

    def slice(self, start, size):
        return Slice(self.reader, start, size)

    def check_room(self, size):
        """Refusal where the disk cannot take a blob of that size."""
        disk = os.fstatvfs(self.handle)
        free = disk.f_bavail * disk.f_frsize
        if free < size - self.size:
            raise Refusal("%s has room for %d bytes more, and the blob needs %d" % (
                self.directory, free, size - self.size))

    def empty(self):
        """Nothing of it is right: begin anew."""
        os.ftruncate(self.handle, 0)
        self._read_anew()
        remove(self.path + ".json")

    def _read_anew(self):
        os.lseek(self.handle, 0, os.SEEK_SET)
        self._read()

    def note(self, values):
        """Keep how far the upload is: whole or not at all."""
        draft = self.path + ".new"
        try:
            with io.open(draft, "wb") as stream:
                stream.write(json.dumps(values).encode("ascii"))
            os.rename(draft, self.path + ".json")
        except EnvironmentError:
            # Without it the upload begins anew, from this file.
            remove(draft)

    def noted(self):
        """What was noted, {} where nothing was."""
        try:
            with io.open(self.path + ".json", "rb") as stream:
                values = json.loads(stream.read(MOST_NOTE).decode("ascii"))
        except (EnvironmentError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    def remove(self):
        """The blob is where it belongs."""
        for path in (self.path + ".json", self.path + ".new", self.path):
            remove(path)

    def close(self):
        for handle in (self.handle, self.reader):
            if handle is not None:
                os.close(handle)
        self.handle = self.reader = None


def prepare(directory):
    """The directory, for us alone; Refusal where it is somebody else's."""
    try:
        os.makedirs(directory, 0o700)
    except EnvironmentError as error:
        if error.errno != errno.EEXIST:
            raise Refusal("cannot make %s: %s" % (directory, error.strerror))
    try:
        status = os.lstat(directory)
    except EnvironmentError as error:
        if error.errno == errno.ENOENT:  # another run has just removed it; `lock` sees that too
            return
        raise Refusal("cannot look at %s: %s" % (directory, error.strerror))
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise Refusal("%s is not ours alone (mode 0700): others could change what lies there" % directory)


def lock(path):
    """A descriptor of the file, which is ours until it is closed; None where
    another process has it."""
    while True:
        prepare(os.path.dirname(path))
        try:
            handle = os.open(path, FLAGS, 0o600)
        except EnvironmentError as error:
            if error.errno == errno.ENOENT:  # another run has just removed the directory, which was empty
                continue
            raise Refusal("cannot open %s: %s" % (path, error.strerror))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its owner may have removed it between our opening and our locking.
            if os.fstat(handle).st_ino == os.stat(path).st_ino:
                return handle
        except EnvironmentError as error:
            if error.errno != errno.ENOENT:
                os.close(handle)
                return None
        os.close(handle)


def remove(path):
    try:
        os.unlink(path)
    except EnvironmentError as error:
        if error.errno != errno.ENOENT:
            raise


def tidy(directory):
    """Remove what runs left long ago, and the directory where it is empty."""
    try:
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            if OWN_NAME.match(name) and time.time() - os.lstat(path).st_mtime > STALE_SECONDS:
                os.unlink(path)
        os.rmdir(directory)
    except EnvironmentError:
        pass  # it is in use, or not there


def forget(directory, digest):
    """A blob that is where it belongs needs no file here; one that another run works on keeps
    it."""
    spool = Spool(directory, digest)
    if os.path.exists(spool.path):
        handle = lock(spool.path)
        if handle is not None:
            spool.remove()
            os.close(handle)
