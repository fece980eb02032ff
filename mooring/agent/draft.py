"""Writing a file as a whole: its new content comes into being beside it, and takes its
place in one step.

Everything is done by descriptors (directory.py), for root also writes where others may. The draft
has the final owner, group, mode and context before its first byte, and at no time may anybody open
it who may not open the file in the end.
"""

from __future__ import absolute_import, division, print_function

import errno
import os
import shlex
import stat

from mooring.agent import attributes, backups, directory, host, modes, xattrs
from mooring.agent.names import raw, text

CHUNK = 256 * 1024
SPECIAL = stat.S_ISUID | stat.S_ISGID
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Draft(object):
    """A file's new content, written beside it: `commit` makes it the file, else the
    `with` block removes it.

    `args` are FILE_ARGS; what they leave open stays as it was, and `mode` is a new file's. With
    `follow` a symlink's target is written, else the link itself is replaced. `within` is the open
    Directory that a mere name is in.
    """

    def __init__(self, path, args=None, follow=True, mode=None, within=None):
        self.given, self.args, self.new_mode, self.within = raw(path), args or {}, mode, within
        self.links = directory.owners(self.given) if follow else set()
        self.path = os.path.realpath(self.given) if follow else self.given
        self.folder = self.name = self.draft = self.stream = None
        self.mode = 0o600

    def __enter__(self):
        try:
            if self.within is not None:
                self.folder, self.name = self.within.again(), self.given
                self.path = os.path.join(self.folder.shown, self.name)
            else:
                self.folder, self.name = directory.locate(self.path)
            there = self.folder.look(self.name) or self.folder.status()
            directory.refuse_links(self.given, self.links, self.path, there.st_uid)
            self.draft, handle = self.folder.draft(self.folder.create)
        except host.Failed:
            self.close()
            raise
        except (IOError, OSError) as error:
            self.close()
            shown = os.path.dirname(self.path) or b"."
            raise host.Failed("cannot write in %s: %s" % (text(shown), error.strerror))
        self.stream = os.fdopen(handle, "w+b")
        try:
            self.take_attributes()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.draft is not None:
                self.folder.remove(self.draft)
        except OSError as error:
            # Who may write here has removed it, or put something of his own under its name.
            if error.errno not in (errno.ENOENT, errno.EISDIR, errno.EPERM):
                raise
        finally:
            self.close()

    def close(self):
        if self.stream is not None:
            self.stream.close()
        if self.folder is not None:
            self.folder.close()

    def take_attributes(self):
        """The final ones, while there is no content yet, and never wider ones on the way."""
        handle = self.stream.fileno()
        old = self.replaced()
        try:
            before = None if old is None else attributes.attributes_of(old)
            wanted = attributes.wanted_attributes(self.args, before)
            self.mode = self.final_mode(old, wanted)
            os.fchmod(handle, self.mode & 0o600)
            self.take_owner(handle, old)
            self.take_context(handle, old, wanted)
            # The kernel takes these two bits away from a file that is written to.
            os.fchmod(handle, self.mode & ~SPECIAL)
        except OSError as error:
            raise host.Failed("cannot set the attributes of %s: %s" % (text(self.path), error.strerror))
        finally:
            if old is not None:
                old.close()

    def final_mode(self, old, wanted):
        if "mode" in wanted:
            return int(wanted["mode"], 8)
        if old is not None:
            return stat.S_IMODE(old.status().st_mode)
        return 0o666 & ~modes.umask() if self.new_mode is None else self.new_mode

    def take_owner(self, handle, old):
        ids = attributes.numbers(self.args, self.path)
        kept = (-1, -1) if old is None else (old.status().st_uid, old.status().st_gid)
        both = [new if new != -1 else same for new, same in zip(ids, kept)]  # noqa: B905
        try:
            os.fchown(handle, *both)
        except OSError as error:
            # Who is not root and not the owner writes a file of his own, as a rename by hand would.
            if error.errno != errno.EPERM or both == ids:
                raise
            os.fchown(handle, *ids)

    def take_context(self, handle, old, wanted):
        """SELinux context and access list: the old file's, or a new file's by the policy."""
        if old is not None:
            xattrs.keep(old.path, handle, self.mode)
        fresh = wanted.get("context") or (None if old is not None else xattrs.policy_context(self.path, 0o100644))
        if fresh:
            try:
                xattrs.write(handle, xattrs.SELINUX, fresh.encode("ascii") + b"\0")
            except OSError:
                if "context" in wanted:
                    raise

    def replaced(self):
        """The file that is there, Held; None where there is none, or a link that will be
        replaced."""
        try:
            old = self.folder.hold(self.name)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise
        if stat.S_ISLNK(old.status().st_mode):
            old.close()
            return None
        return old

    def refuse_change(self, content):
        """Fail where the file does not hold (any more) what the new content was made from."""
        try:
            with os.fdopen(self.folder.read_regular(self.name), "rb") as stream:
                same = stream.read(len(content) + 1) == content
        except (IOError, OSError):
            same = False
        if not same:
            raise host.Failed("%s changed meanwhile: run again; nothing was changed" % text(self.path))

    def write(self, data):
        """Put the content in: bytes, text, or an iterator of bytes."""
        if isinstance(data, (bytes, type(u""))):
            data = [raw(data)]
        for chunk in data:
            self.stream.write(chunk)
        self.stream.flush()
        if self.mode & SPECIAL:
            os.fchmod(self.stream.fileno(), self.mode)

    def validate(self, command):
        """Run a checking command on the draft, its name for %s; a command that says no is
        host.Failed."""
        self.stream.flush()
        if "%s" not in command:
            raise host.Failed("validate must contain %%s: %s" % command)
        shown = self.name_for_others()
        ran = host.run([word.replace("%s", shown) for word in shlex.split(command)])
        if ran.rc != 0:
            raise host.Failed("failed to validate: rc:%s error:%s" % (ran.rc, ran.err or ran.out),
                              exit_status=ran.rc, stdout=ran.out, stderr=ran.err)

    def name_for_others(self):
        """Its path; where others may write in the directory, a name that leads to this very
        file."""
        status = self.folder.status()
        if status.st_uid in (0, os.geteuid()) and not status.st_mode & OTHERS_MAY_WRITE:
            return text(os.path.join(os.path.dirname(self.path), self.draft))
        return "/proc/%d/fd/%d" % (os.getpid(), self.stream.fileno())

    def backup(self):
        """Copy the file that is there beside the path that was given; the copy's name as text."""
        handle = self.folder.read_regular(self.name)
        if os.path.dirname(self.path) == os.path.dirname(self.given) or self.within is not None:
            return backups.copy_beside(handle, self.folder, os.path.basename(self.given))
        beside, name = directory.locate(self.given)
        with beside:
            return backups.copy_beside(handle, beside, name)

    def commit(self, in_place=False):
        """Make the draft the file, in one step.

        A file that is itself a mount point cannot be replaced; with `in_place` its content is
        overwritten.
        """
        self.stream.flush()
        os.fsync(self.stream.fileno())
        try:
            self.folder.rename(self.draft, self.name)
        except OSError as error:
            if error.errno == errno.EBUSY and in_place:
                return self.overwrite()
            hint = " (it is a mount point: unsafe_writes: true would overwrite it in place)"
            raise host.Failed("cannot replace %s: %s%s" % (
                text(self.path), error.strerror, hint if error.errno == errno.EBUSY else ""))
        self.draft = None
        now = self.folder.look(self.name)
        if now is None or directory.identity(now) != directory.identity(os.fstat(self.stream.fileno())):
            raise host.Failed("%s was replaced by somebody else meanwhile" % text(self.path))
        return None

    def overwrite(self):
        handle = directory.refuse_others(self.folder.open(self.name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK))
        with os.fdopen(handle, "r+b") as target:
            held = directory.Held(handle, self.path)
            attributes.apply_to(held, self.args)
            self.stream.seek(0)
            for chunk in iter(lambda: self.stream.read(CHUNK), b""):
                target.write(chunk)
            target.truncate()
            target.flush()
            os.fsync(handle)
