"""Whole directory trees, by descriptors: going through one, its attributes, its removal."""

from __future__ import absolute_import, division, print_function

import errno
import os
import stat

from mooring.agent import attributes, directory, files, host
from mooring.agent.names import text

SHOWN = 20


def unlike(top, args):
    """The paths below a directory whose attributes are not as wanted, with the targets
    of followed links.

    `top` and the result are bytes; `args` are a module's arguments with FILE_ARGS and `follow`.
    """
    with directory.open_directory(top, follow=False) as here:
        return sorted({held.shown for held in everything(here, args, set()) if is_unlike(held, args)})


def make_alike(top, args):
    """Give all of these the wanted attributes; what is swapped for something else
    meanwhile is not followed."""
    with directory.open_directory(top, follow=False) as here:
        for held in everything(here, args, set()):
            if is_unlike(held, args):
                files.apply_to(held, args)


def everything(top, args, seen):
    """What is below a Directory, each Held for a moment, with the targets of followed links and
    what is below those."""
    for here, name, status in walk(top):
        try:
            with here.hold(name) as held:
                yield held
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
        if not stat.S_ISLNK(status.st_mode) or not args["follow"]:
            continue
        with follow(here, name, status) or Nothing() as target:
            if target is not None and target.identity() not in seen:
                seen.add(target.identity())
                yield target
                if stat.S_ISDIR(target.status().st_mode):
                    for held in everything(directory.Directory(target.handle, target.shown), args, seen):
                        yield held


class Nothing(object):
    """Stands for the target of a link that has none."""

    def __enter__(self):
        return None

    def __exit__(self, *_):
        return None


def follow(here, name, status):
    """What a link leads to, Held; None where that is nothing.

    None as well for a link that another user made to what is not his: whoever follows that as root
    gives it away.
    """
    try:
        target = here.hold(name, follow=True)
    except OSError:
        return None
    if directory.is_foreign(status.st_uid, target.status().st_uid):
        host.warn("%s is a link of %s to what belongs to somebody else, and is not followed" % (
            text(target.shown), attributes.user_name(status.st_uid)))
        target.close()
        return None
    target.shown = os.path.realpath(target.shown)
    return target


def walk(top):
    """Everything below a Directory as (its own Directory, name, status), what is in a directory
    before itself.

    Links are not entered. Only one directory is open at a time, however deep the tree is; the way
    up is checked.
    """
    here, above, pending = top.again(), [], [top.names()[::-1]]
    try:
        while True:
            if pending[-1]:
                name = pending[-1].pop()
                status = here.look(name)
                if status is not None and stat.S_ISDIR(status.st_mode):
                    above.append((name, here.identity()))
                    here = replace(here, here.enter(name))
                    pending.append(here.names()[::-1])
                elif status is not None:
                    yield here, name, status
            elif above:
                pending.pop()
                name, identity = above.pop()
                here = replace(here, here.enter(b".."))
                if here.identity() != identity:
                    raise host.Failed("%s was moved by somebody else meanwhile" % text(here.shown))
                status = here.look(name)
                if status is not None:
                    yield here, name, status
            else:
                return
    finally:
        here.close()


def replace(old, new):
    old.close()
    return new


def remove(path):
    """Remove what is there, a link itself, a directory with all that is in it."""
    here, name = directory.locate(path)
    with here:
        status = here.look(name)
        if status is not None and stat.S_ISDIR(status.st_mode):
            with here.enter(name) as top:
                for folder, inner, kind in walk(top):
                    remove_one(folder, inner, kind)
        if status is not None:
            remove_one(here, name, status)


def remove_one(here, name, status):
    (here.remove_directory if stat.S_ISDIR(status.st_mode) else here.remove)(name)


def is_unlike(held, args):
    """Whether one thing (itself, not what a link leads to) needs other attributes;
    a link has no mode."""
    now = attributes.attributes_of(held)
    wanted = dict(args, mode=None) if now["state"] == "link" else args
    after = files.wanted_attributes(wanted, now, now["state"] == "directory")
    return any(now.get(key) != value for key, value in after.items())


def shorten(paths):
    """A list that a person reads; empty stays empty."""
    more = ["... and %d more" % (len(paths) - SHOWN)] if len(paths) > SHOWN else []
    return [text(path) for path in paths[:SHOWN]] + more
