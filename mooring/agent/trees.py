"""Whole directory trees: which paths below a directory have other attributes than wanted."""

from __future__ import absolute_import, division, print_function

import os

from mooring.agent import files
from mooring.agent.names import text

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
