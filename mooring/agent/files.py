"""Files on the host: names as bytes, digests, atomic writing, backups.

Names travel as text and touch the disk as UTF-8 bytes, whatever the locale: under LANG=C Python 3.6 would
refuse to encode them. Owner, group, mode and SELinux context are in attributes.py and offered here as well.
"""

from __future__ import absolute_import, division, print_function

import errno
import hashlib
import os
import shlex
import shutil
import tempfile
import time

from mooring.agent import host, modes, xattrs
from mooring.agent.attributes import (  # noqa: F401  (files is the one door to them)
    FILE_ARGS,
    apply_attributes,
    attributes,
    path_info,
    wanted_attributes,
)
from mooring.agent.names import raw, text

CHUNK = 256 * 1024
SMALL = 100 * 1000


def read(path):
    """A file's bytes; None when there is no such file. Other trouble is OSError or IOError."""
    try:
        with open(raw(path), "rb") as stream:
            return stream.read()
    except (IOError, OSError) as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise


def chunks(path):
    """A file's content in pieces."""
    with open(raw(path), "rb") as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            yield chunk


def digest(path, algorithm="sha1"):
    """The hex digest of a regular file's content; None where there is none."""
    path = raw(path)
    if not os.path.isfile(path):
        return None
    found = hashlib.new(algorithm)
    for chunk in chunks(path):
        found.update(chunk)
    return found.hexdigest()


def digest_bytes(data, algorithm="sha1"):
    """The hex digest of bytes."""
    return hashlib.new(algorithm, data).hexdigest()


def printable(path):
    """A file's text for a diff; where it is binary or large, a line that says so. Absent is empty."""
    path = raw(path)
    if not os.path.isfile(path):
        return ""
    if os.path.getsize(path) > SMALL:
        return too_large(os.path.getsize(path))
    return printable_bytes(read(path))


def printable_bytes(data):
    """Like `printable`, for content that is at hand."""
    if len(data) > SMALL:
        return too_large(len(data))
    if b"\0" in data:
        return "(binary, %d bytes, sha1 %s)\n" % (len(data), digest_bytes(data))
    return text(data)


def too_large(size):
    return "(%d bytes, too large to show)\n" % size


def content_diff(path, before, after):
    """The one entry of a diff that shows a file's content; both texts as `printable` makes them."""
    header = "%s (content)" % path
    return {"before": before, "after": after, "before_header": header, "after_header": header}


def attributes_diff(path, before, after):
    """The one entry of a diff that shows what changes of owner, group, mode and the like."""
    keys = sorted(key for key in after if before.get(key) != after[key])
    texts = ["".join("%s: %s\n" % (key, state.get(key)) for key in keys) for state in (before, after)]
    header = "%s (file attributes)" % path
    return {"before": texts[0], "after": texts[1], "before_header": header, "after_header": header}


class Draft(object):
    """A file's new content, written beside it: `commit` makes it the file, else the `with` block removes it.

    With `follow` a symlink's target is written, else the link itself is replaced.
    """

    def __init__(self, path, follow=True):
        path = raw(path)
        self.path = os.path.realpath(path) if follow else path
        self.draft = None

    def __enter__(self):
        folder = os.path.dirname(self.path) or b"."
        try:
            handle, self.draft = tempfile.mkstemp(prefix=b".mooring-", suffix=b".tmp", dir=folder)
        except (IOError, OSError) as error:
            raise host.Failed("cannot write in %s: %s" % (text(folder), error.strerror))
        self.stream = os.fdopen(handle, "wb")
        return self

    def __exit__(self, *_):
        self.stream.close()
        if self.draft is not None:
            os.unlink(self.draft)

    def write(self, data):
        """Put the content in: bytes, text, or an iterator of bytes; then take on the old attributes."""
        if isinstance(data, (bytes, type(u""))):
            data = [raw(data)]
        for chunk in data:
            self.stream.write(chunk)
        self.stream.flush()
        self.adopt()

    def adopt(self):
        """The attributes of the file that is there; a new file gets what the umask and the policy say."""
        old = self.replaced()
        if old is None:
            os.chmod(self.draft, 0o666 & ~modes.umask())
            fresh = xattrs.policy_context(self.path, 0o100644)
            if fresh:
                try:
                    xattrs.write(self.draft, xattrs.SELINUX, fresh.encode("ascii") + b"\0")
                except OSError:
                    pass
            return
        try:
            os.chown(self.draft, old.st_uid, old.st_gid)
        except OSError as error:
            # Who is not root and not the owner writes a file of his own, as a rename by hand would.
            if error.errno != errno.EPERM:
                raise
        os.chmod(self.draft, old.st_mode & 0o7777)
        xattrs.keep(self.path, self.draft)

    def replaced(self):
        """The status of the file that is there; a link that will be replaced counts as none."""
        if not os.path.exists(self.path) or os.path.islink(self.path):
            return None
        return os.stat(self.path)

    def validate(self, command):
        """Run a checking command on the draft, its name for %s; a command that says no is host.Failed."""
        self.stream.flush()
        if "%s" not in command:
            raise host.Failed("validate must contain %%s: %s" % command)
        ran = host.run([word.replace("%s", text(self.draft)) for word in shlex.split(command)])
        if ran.rc != 0:
            raise host.Failed("failed to validate: rc:%s error:%s" % (ran.rc, ran.err or ran.out),
                              exit_status=ran.rc, stdout=ran.out, stderr=ran.err)

    def commit(self, in_place=False):
        """Make the draft the file, in one step.

        A file that is itself a mount point cannot be replaced; with `in_place` its content is overwritten.
        """
        self.stream.flush()
        os.fsync(self.stream.fileno())
        try:
            os.rename(self.draft, self.path)
            self.draft = None
        except OSError as error:
            if error.errno == errno.EBUSY and in_place:
                with open(self.draft, "rb") as source, open(self.path, "r+b") as target:
                    shutil.copyfileobj(source, target, CHUNK)
                    target.truncate()
                    target.flush()
                    os.fsync(target.fileno())
                return
            hint = " (it is a mount point: unsafe_writes: true would overwrite it in place)"
            raise host.Failed("cannot replace %s: %s%s" % (
                text(self.path), error.strerror, hint if error.errno == errno.EBUSY else ""))


def write_file(path, data, mode=None, owner=None, group=None):
    """Write a whole file in one step: bytes, text, or an iterator of bytes.

    An existing one keeps its owner, group, mode and SELinux context unless given; a symlink stays one.
    """
    with Draft(path) as draft:
        draft.write(data)
        apply_attributes(draft.draft, {"mode": mode, "owner": owner, "group": group})
        draft.commit()


def backup(path):
    """Copy a file beside itself under Ansible's name for backups; the copy's name as text."""
    stamp = time.strftime("%Y-%m-%d@%H:%M:%S", time.localtime())
    saved = "%s.%d.%s~" % (text(raw(path)), os.getpid(), stamp)
    shutil.copy2(raw(path), raw(saved))
    old = os.stat(raw(path))
    try:
        os.chown(raw(saved), old.st_uid, old.st_gid)
    except OSError:
        # The copy of somebody else's file stays ours; copy2 has already kept its mode.
        pass
    xattrs.keep(raw(path), raw(saved))
    return saved


def make_directories(path, args):
    """mkdir -p; every directory that is made gets the attributes of FILE_ARGS, as with Ansible."""
    parts = [part for part in path.split("/") if part]
    for count in range(1, len(parts) + 1):
        folder = ("/" if path.startswith("/") else "") + "/".join(parts[:count])
        if not os.path.isdir(raw(folder)):
            try:
                os.mkdir(raw(folder))
            except OSError as error:
                raise host.Failed("cannot create directory %s: %s" % (folder, error.strerror), path=folder)
            apply_attributes(folder, args)
