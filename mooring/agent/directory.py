"""Directories that are held open, and what is in them by its name alone.

Who may write in a directory may put a link in the place of any name at any moment, also between two
calls of ours. So a directory is opened once, names are relative to its descriptor, links are not
followed, and what was opened is changed by its descriptor. Python 2 goes into the directory for one
call, and back. Names and paths are bytes.
"""

from __future__ import absolute_import, division, print_function

import binascii
import errno
import os
import stat
import sys

from mooring.agent import host
from mooring.agent.names import raw, text

PY2 = sys.version_info[0] == 2
# Python 2 lacks these two; the numbers are the kernel's for all of its usual machines.
O_PATH = getattr(os, "O_PATH", 0o10000000)
O_CLOEXEC = getattr(os, "O_CLOEXEC", 0o2000000)
NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | O_CLOEXEC
# A FIFO in the place of a file must not hold us up.
READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | O_CLOEXEC
ATTEMPTS = 100
MOST_LINKS = 40


class Held(object):
    """Anything held by a descriptor of its own, which says only what it is; nothing is read."""

    def __init__(self, handle, shown):
        self.handle, self.shown = handle, shown

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None

    @property
    def path(self):
        """A name that leads to this very thing, whatever lies under its old name now."""
        return raw("/proc/self/fd/%d" % self.handle)

    def status(self):
        return os.fstat(self.handle)

    def identity(self):
        return identity(self.status())


class Directory(Held):
    """An open directory; `shown` is its path for messages."""

    def again(self):
        return Directory(os.dup(self.handle), self.shown)

    def call(self, act, *args, **named):
        """A function of os, with the names in `args` relative to this directory."""
        if not PY2:
            return act(*args, dir_fd=self.handle, **named)
        back = os.open(b".", O_PATH | O_CLOEXEC)
        try:
            os.fchdir(self.handle)
            return act(*args)
        finally:
            os.fchdir(back)
            os.close(back)

    def open(self, name, flags, mode=0o600):
        return self.call(os.open, name, flags | O_CLOEXEC, mode)

    def hold(self, name, follow=False):
        """What lies under the name (a link itself, unless `follow`) as Held."""
        return Held(self.open(name, O_PATH | (0 if follow else os.O_NOFOLLOW)), os.path.join(self.shown, name))

    def enter(self, name, follow=False):
        """The directory of that name; OSError where it is none, or a link and not `follow`."""
        flags = O_PATH | os.O_DIRECTORY | (0 if follow else os.O_NOFOLLOW)
        shown = os.path.dirname(self.shown) if name == b".." else os.path.join(self.shown, name)
        return Directory(self.open(name, flags), shown)

    def look(self, name):
        """The status of what lies under the name, a link's own; None where there is nothing."""
        try:
            return self.call(os.lstat, name)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            return None

    def names(self):
        """All names, sorted."""
        handle = self.open(b".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            listed = self.call(os.listdir, b".") if PY2 else [os.fsencode(name) for name in os.listdir(handle)]
        finally:
            os.close(handle)
        return sorted(listed)

    def read_regular(self, name):
        """The descriptor of a regular file, for reading; OSError for anything else of that name."""
        return refuse_others(self.open(name, READING))

    def create(self, name, mode=0o600):
        """A new file's descriptor, to read and write; OSError where the name is
        taken, also by a link."""
        return self.open(name, os.O_RDWR | NEW, mode)

    def draft(self, make):
        """(name, result) of `make` under a name that nobody can guess."""
        for _ in range(ATTEMPTS):
            name = b".mooring-" + binascii.hexlify(os.urandom(8)) + b".tmp"
            try:
                return name, make(name)
            except OSError as error:
                if error.errno != errno.EEXIST:
                    raise
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))

    def make(self, name):
        """A new directory, ours and closed to others (0700), opened. OSError where
        the name is taken.

        Another directory may stand there by now; one that is not ours or not empty is refused.
        """
        self.call(os.mkdir, name, 0o700)
        made = self.enter(name)
        if made.status().st_uid != os.geteuid() or made.names():
            made.close()
            raise host.Failed("%s was replaced by somebody else meanwhile" % text(os.path.join(self.shown, name)))
        return made

    def rename(self, old, new):
        if PY2:
            return self.call(os.rename, old, new)
        return os.rename(old, new, src_dir_fd=self.handle, dst_dir_fd=self.handle)

    def remove(self, name):
        self.call(os.unlink, name)

    def remove_directory(self, name):
        self.call(os.rmdir, name)

    def read_link(self, name):
        return self.call(os.readlink, name)

    def put_link(self, name, target):
        """A symlink in the place of what is there, in one step."""
        self.put(name, lambda draft: self.call(os.symlink, target, draft))

    def put_hard(self, name, source, source_name):
        """A second name of a file of the Directory `source`, in the place of what is there."""
        if PY2:
            old = os.path.join(source.path, source_name)
            return self.put(name, lambda draft: self.call(os.link, old, draft))
        handles = {"src_dir_fd": source.handle, "dst_dir_fd": self.handle, "follow_symlinks": False}
        return self.put(name, lambda draft: os.link(source_name, draft, **handles))

    def put(self, name, make):
        draft = self.draft(make)[0]
        try:
            self.rename(draft, name)
        except OSError:
            self.remove(draft)
            raise
        if self.look(draft) is not None:  # of two names of one file rename keeps both
            self.remove(draft)


def identity(status):
    return status.st_dev, status.st_ino


def refuse_others(handle):
    """The descriptor, if it is a regular file's."""
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a regular file")
    return handle


def read_regular(path):
    """A regular file's descriptor by its path, links followed; OSError for anything else."""
    return refuse_others(os.open(raw(path), READING & ~os.O_NOFOLLOW))


def hold(path, follow=True):
    """What a path leads to, as Held."""
    flags = O_PATH | O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    return Held(os.open(raw(path), flags), raw(path))


def open_directory(path, follow=True):
    """The directory at a path; links above it are followed, as they are when somebody names it."""
    flags = O_PATH | os.O_DIRECTORY | O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    return Directory(os.open(raw(path) or b".", flags), raw(path))


def locate(path):
    """(the open directory that a path's last part is in, that part)."""
    folder, name = os.path.split(raw(path).rstrip(b"/"))
    return open_directory(folder), name


def resolve(path):
    """The path with its last links followed, bytes; host.Failed where `refuse_links` says so."""
    links = owners(raw(path))
    real = os.path.realpath(raw(path))
    for place in (real, os.path.dirname(real)) if links else ():
        if os.path.lexists(place):
            refuse_links(path, links, real, os.lstat(place).st_uid)
            break
    return real


def owners(path):
    """The users whose links a path's last part leads along."""
    uids = set()
    for _ in range(MOST_LINKS):
        if not os.path.islink(path):
            break
        uids.add(os.lstat(path).st_uid)
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    return uids


def refuse_links(path, links, real, owner):
    """Who follows a link as root does with its target what he was told to do with the link.

    So another user's link is followed only to what is his own; else he would get what is not his.
    """
    foreign = [number for number in links if is_foreign(number, owner)]
    if foreign:
        raise host.Failed("%s is not followed to %s: user %d made the link, and what it leads to belongs to user %d; "
                          "name the target itself, or give the link to root" % (
                              text(path), text(real), foreign[0], owner))


def is_foreign(link, target):
    """Whether root must not follow a link of the user `link` to what is the user `target`'s."""
    return os.geteuid() == 0 and link not in (0, target)
