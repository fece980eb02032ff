"""Copies of old files, beside them, under Ansible's name for backups."""

from __future__ import absolute_import, division, print_function

import binascii
import errno
import os
import stat
import time

from mooring.agent import directory, xattrs
from mooring.agent.names import raw, text

CHUNK = 256 * 1024


def copy_beside(handle, folder, name):
    """Copy an open file into a Directory under Ansible's name for backups of `name`; the copy's
    path as text.

    That name can be guessed; where it is taken, by a link perhaps, it gets a part that cannot.
    """
    with os.fdopen(handle, "rb") as source:
        saved, made = create_backup(folder, name)
        with os.fdopen(made, "wb") as target:
            copy(source, target)
    return text(os.path.join(folder.shown, saved))


def copy(source, target):
    """All of an open file into a new one of mode 0600, which gets the old
    attributes when it is whole."""
    old, made = os.fstat(source.fileno()), target.fileno()
    for chunk in iter(lambda: source.read(CHUNK), b""):
        target.write(chunk)
    target.flush()
    try:
        os.fchown(made, old.st_uid, old.st_gid)
    except OSError:
        # The copy of somebody else's file stays ours, with its mode.
        pass
    xattrs.keep(source.fileno(), made, old.st_mode)
    os.fchmod(made, stat.S_IMODE(old.st_mode))
    os.utime(directory.Held(made, b"").path, (old.st_atime, old.st_mtime))
    os.fsync(made)


def create_backup(folder, name):
    stamp = time.strftime("%Y-%m-%d@%H:%M:%S", time.localtime())
    saved = b"%s.%s~" % (name, raw("%d.%s" % (os.getpid(), stamp)))
    try:
        return saved, folder.create(saved)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
    saved = saved[:-1] + b"." + binascii.hexlify(os.urandom(8)) + b"~"
    return saved, folder.create(saved)
