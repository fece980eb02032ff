"""Gives a directory with all in it to one user, by number; what changes hands gets the group.

Mooring's own module, for storage that a program is at work on and writes to. What is the user's
already keeps its group. It goes by descriptors and never through a symlink, so whoever owns a part
of the tree cannot lead it elsewhere. What appears or vanishes meanwhile is no error; a second run
takes the rest. A directory comes after what is in it: a run that was cut short goes on where there
still is something to do. Modes stay. In check mode `count` tells how many entries would change.
"""

from __future__ import absolute_import, division, print_function

import errno
import os
import stat

from mooring.agent import host
from mooring.agent.names import raw, text

ARGS = {
    "path": {"type": "path", "required": True},
    "owner": {"type": "int", "required": True},
    "group": {"type": "int", "required": True},
}
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK
GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
# One descriptor is open for each level; names in a registry's storage have some twelve, and rarely
# fifty.
DEEPEST = 200
SHOWN_OWNERS = 5


class Walk(object):
    """One pass over a tree: `seen` entries, of which `count` belong to others; `owners`
    counts them by owner."""

    def __init__(self, args, changes):
        self.top, self.asked, self.changes = args["path"], (args["owner"], args["group"]), changes
        self.seen, self.count, self.owners, self.linked = 0, 0, {}, []
        self.total = 0
        self.folders, self.stuck = [], None

    def run(self):
        """Walk; the working directory, by which it goes, is the old one afterwards."""
        home = os.open(".", DIRECTORY)
        try:
            top = os.open(raw(self.top), DIRECTORY)
            try:
                os.fchdir(top)
                self.enter(top, os.fstat(top), 1)
                if self.is_other(os.fstat(top)):
                    self.change(lambda: os.fchown(top, *self.asked), lambda: os.fstat(top))
            finally:
                os.close(top)
        except EnvironmentError as error:
            place = os.path.join(self.top, text(self.stuck)) if self.stuck else self.top
            raise host.Failed("%s: %s" % (place, error.strerror), path=place)
        finally:
            os.fchdir(home)
            os.close(home)
        return self

    def enter(self, folder, status, depth):
        """What is in the working directory, whose descriptor is `folder`."""
        if depth > DEEPEST:
            raise host.Failed("%s has more than %d levels of directories" % (self.top, DEEPEST), path=self.top)
        for name in os.listdir(b"."):
            try:
                self.visit(name, folder, status, depth)
            except EnvironmentError as error:
                if error.errno not in GONE:
                    self.stuck = self.stuck or b"/".join(self.folders + [name])
                    raise

    def visit(self, name, folder, parent, depth):
        status = os.lstat(name)
        if stat.S_ISDIR(status.st_mode):
            inner = os.open(name, DIRECTORY | os.O_NOFOLLOW)
            try:
                os.fchdir(inner)
                self.folders.append(name)
                self.enter(inner, status, depth + 1)
            finally:
                del self.folders[depth - 1:]
                os.fchdir(folder)
                os.close(inner)
        self.seen += 1
        if self.changes:
            host.progress("changing the owner in %s" % self.top, self.seen, self.total)
        if not self.is_other(status):
            return
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1 and status.st_uid == 0 != parent.st_uid:
            # The owner of the directory may have put a name of somebody else's file here.
            self.linked.append(name)
            return
        self.change(lambda: os.lchown(name, *self.asked), lambda: os.lstat(name))

    def is_other(self, status):
        """Whether an entry belongs to others; counts the owners."""
        if status.st_uid == self.asked[0]:
            return False
        key = "%d" % status.st_uid
        if key not in self.owners and len(self.owners) >= SHOWN_OWNERS:
            key = "others"
        self.owners[key] = self.owners.get(key, 0) + 1
        return True

    def change(self, give, status):
        """Give one entry away; the first one is looked at again, since SMB mounts take the
        call and do nothing."""
        if self.changes:
            give()
            if self.count == 0 and status().st_uid != self.asked[0]:
                raise EnvironmentError(errno.ENOTSUP, "the file system takes the new owner and keeps the old one")
        self.count += 1


def look(args):
    """A pass that changes nothing; refuses what must be seen to by hand first."""
    walk = Walk(args, changes=False).run()
    if walk.linked:
        raise host.Failed(
            "%s: %d files of root, %s first, have a second name somewhere, in a directory that is not root's: "
            "change their owner by hand if they belong here" % (
                walk.top, len(walk.linked), text(walk.linked[0])), path=walk.top)
    return walk


def reply(args, walk):
    return {"changed": bool(walk.count), "path": args["path"], "count": walk.count, "owners": walk.owners,
            "uid": args["owner"], "gid": args["group"]}


def predict(args):
    """What a run would change; a directory that is not there yet will be made with its owner."""
    if not os.path.lexists(raw(args["path"])):
        return {"changed": False, "path": args["path"], "count": 0, "owners": {}}
    return reply(args, look(args))


def run(args):
    """Change what belongs to others."""
    before = look(args)
    walk = Walk(args, changes=True)
    walk.total = before.seen
    try:
        return reply(args, walk.run())
    except host.Failed as failure:
        owner = "%d:%d" % walk.asked
        raise host.Failed(
            "cannot give all of %s to %s: %s; %d of %d entries were changed. On a network file system change the owner "
            "where it is served" % (args["path"], owner, failure.message, walk.count, before.count),
            path=args["path"], count=walk.count)
