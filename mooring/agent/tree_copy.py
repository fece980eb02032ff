"""Copying one directory tree of the host over another.

Looking goes by paths, copying by descriptors: what is swapped for a link meanwhile, on either side,
is not followed.
"""

from __future__ import absolute_import, division, print_function

import errno
import os
import stat

from mooring.agent import directory, files, host, modes, trees
from mooring.agent.attributes import apply_to
from mooring.agent.names import raw, text


def compare(source, target, args):
    """{"entries": names} of what copying `source` over `target` would write, "."
    for the top itself."""
    return {"entries": [text(name) for name in walk(source) if differs(source, target, name, args)]}


def walk(top):
    """The relative names of everything in a tree, parents first, links to directories not
    entered."""
    yield b"."
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(folders + names):
            yield os.path.relpath(os.path.join(folder, name), top)


def differs(source, target, name, args):
    source, target = os.path.join(source, name), os.path.join(target, name)
    if stays_link(source, args):
        return not os.path.islink(target) or os.readlink(target) != os.readlink(source)
    if os.path.isdir(source):
        if not os.path.isdir(target):
            return True
    elif os.path.islink(target) or files.digest(target) != files.digest(source):
        return True
    with directory.hold(target, follow=False) as held:
        return trees.is_unlike(held, ownership(args))


def ownership(args):
    return {"owner": args["owner"], "group": args["group"]}


def stays_link(path, args):
    """Links to directories and links to nowhere are copied as links, others only without
    `local_follow`."""
    return os.path.islink(path) and (not args["local_follow"] or not os.path.isfile(path))


def copy(source, target, names, args):
    """Write the named entries of a tree over another; what only `target` has stays."""
    with directory.open_directory(source) as old:
        if names[:1] == ["."]:
            make_top(old, target, args)
        with directory.open_directory(target) as new:
            for name in names:
                copy_entry(old, new, raw(name), args)


def make_top(old, target, args):
    mode = modes.octal(old.status().st_mode)
    files.make_directories(text(os.path.normpath(target)), dict(ownership(args), mode=mode))
    files.apply_attributes(target, ownership(args))


def copy_entry(source, target, name, args):
    folder, name = os.path.split(name)
    if name == b".":
        return
    shown = [text(os.path.join(top.shown, folder, name)) for top in (source, target)]
    try:
        with descend(source, folder) as old, descend(target, folder) as new:
            status = old.look(name)
            if status is None:
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
            if stat.S_ISDIR(status.st_mode):
                copy_directory(new, name, status, args)
            elif stays_link(os.path.join(old.path, name), args):
                new.put_link(name, old.read_link(name))
            else:
                copy_file(old, new, name, args)
    except OSError as error:
        raise host.Failed("cannot copy %s to %s: %s" % (shown[0], shown[1], error.strerror))


def copy_directory(new, name, status, args):
    owner = ownership(args)
    with files.open_or_make(new, name, dict(owner, mode=modes.octal(status.st_mode))) as made:
        apply_to(made, owner)


def copy_file(old, new, name, args):
    """A file's content, and for a new file its mode; both are the very file's that was opened."""
    flags = directory.READING if not args["local_follow"] else directory.READING & ~os.O_NOFOLLOW
    with os.fdopen(directory.refuse_others(old.open(name, flags)), "rb") as stream:
        there = new.look(name)
        is_new = there is None or not stat.S_ISREG(there.st_mode)
        mode = modes.octal(os.fstat(stream.fileno()).st_mode) if is_new else None
        with files.Draft(name, dict(ownership(args), mode=mode), follow=False, within=new) as draft:
            draft.write(iter(lambda: stream.read(files.CHUNK), b""))
            draft.commit(args["unsafe_writes"])


def descend(top, folder):
    """The open directory `folder` (relative) of a Directory; a link on the way is followed as in
    trees.follow."""
    here = top.again()
    try:
        for part in folder.split(b"/") if folder else []:
            here = trees.replace(here, enter(here, part))
    except BaseException:
        here.close()
        raise
    return here


def enter(here, name):
    status = here.look(name)
    if status is None or not stat.S_ISLNK(status.st_mode):
        return here.enter(name)
    target = trees.follow(here, name, status)
    if target is None:
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return directory.Directory(target.handle, target.shown)


def plant(source, target, uid, gid):
    """Fill a new Directory with what another one holds, all of it a user's; he gets a directory
    when it is full."""
    for name in source.names():
        status = source.look(name)
        if stat.S_ISDIR(status.st_mode):
            with source.enter(name) as old, target.make(name) as new:
                plant(old, new, uid, gid)
                give(new, status, uid, gid)
        elif stat.S_ISLNK(status.st_mode):
            target.put_link(name, source.read_link(name))
            with target.hold(name) as link:
                os.chown(link.path, uid, gid)
        elif stat.S_ISREG(status.st_mode):
            with os.fdopen(source.read_regular(name), "rb") as old, os.fdopen(target.create(name), "wb") as new:
                new.write(old.read())
                new.flush()
                give(directory.Held(new.fileno(), name), status, uid, gid)


def give(held, status, uid, gid):
    os.chown(held.path, uid, gid)
    os.chmod(held.path, stat.S_IMODE(status.st_mode))
