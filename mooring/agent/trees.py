"""Whole directory trees: attributes that are not as wanted, and copying one tree over another."""

from __future__ import absolute_import, division, print_function

import os

from mooring.agent import files, host
from mooring.agent.names import raw, text

SHOWN = 20


def unlike(top, args):
    """The paths below a directory whose attributes are not as wanted, with the targets of followed links.

    `top` and the result are bytes; `args` are a module's arguments with FILE_ARGS and `follow`.
    """
    found, seen, waiting = [], set(), [top]
    while waiting:
        folder = waiting.pop()
        if os.path.realpath(folder) in seen:
            continue
        seen.add(os.path.realpath(folder))
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            found += [path] if is_unlike(path, args) else []
            if os.path.islink(path) and args["follow"] and os.path.exists(path):
                path = os.path.realpath(path)
                found += [path] if is_unlike(path, args) else []
            if os.path.isdir(path) and not os.path.islink(path):
                waiting.append(path)
    return found


def is_unlike(path, args):
    """Whether one path (itself, not what a link leads to) needs other attributes; a link has no mode."""
    now = files.attributes(path, follow=False)
    if now is None:
        return False
    asked = dict(args, mode=None) if now["state"] == "link" else args
    after = files.wanted_attributes(asked, now, now["state"] == "directory")
    return any(now.get(key) != value for key, value in after.items())


def shorten(paths):
    """A list that a person reads; empty stays empty."""
    more = ["... and %d more" % (len(paths) - SHOWN)] if len(paths) > SHOWN else []
    return [text(path) for path in paths[:SHOWN]] + more


def compare(source, target, args):
    """{"entries": names} of what copying `source` over `target` would write, "." for the top itself."""
    return {"entries": [text(name) for name in walk(source) if differs(source, target, name, args)]}


def walk(top):
    """The relative names of everything in a tree, parents first, links to directories not entered."""
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
    return is_unlike(target, ownership(args))


def ownership(args):
    return {"owner": args["owner"], "group": args["group"]}


def stays_link(path, args):
    """Links to directories and links to nowhere are copied as links, others only without `local_follow`."""
    return os.path.islink(path) and (not args["local_follow"] or not os.path.isfile(path))


def copy(source, target, names, args):
    """Write the named entries of a tree over another; what only `target` has stays."""
    for name in names:
        old, new = os.path.join(source, raw(name)), os.path.join(target, raw(name))
        try:
            copy_entry(old, new, args)
        except OSError as error:
            raise host.Failed("cannot copy %s to %s: %s" % (text(old), text(new), error.strerror))


def copy_entry(old, new, args):
    if stays_link(old, args):
        if os.path.lexists(new):
            os.unlink(new)
        os.symlink(os.readlink(old), new)
        return
    mode = files.attributes(old)["mode"]
    if os.path.isdir(old):
        if not os.path.isdir(new):
            files.make_directories(text(os.path.normpath(new)), dict(ownership(args), mode=mode))
        files.apply_attributes(new, ownership(args))
        return
    is_new = not os.path.isfile(new) or os.path.islink(new)
    with files.Draft(new, follow=False) as draft:
        draft.write(files.chunks(old))
        files.apply_attributes(draft.draft, dict(ownership(args), mode=mode if is_new else None))
        draft.commit(args["unsafe_writes"])
