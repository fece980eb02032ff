"""Editing a text file as a whole: what lineinfile and blockinfile have in common
around their own edit."""

from __future__ import absolute_import, division, print_function

import os
import re

from mooring.agent import directory, files, host
from mooring.agent.names import raw, text

EDIT_ARGS = {
    "path": {"type": "path", "required": True, "aliases": ["dest", "destfile", "name"]},
    "state": {"default": "present", "choices": ["absent", "present"]},
    "insertafter": {},
    "insertbefore": {},
    "create": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": False},
    "validate": {},
}
EDIT_ARGS.update(files.FILE_ARGS)


def current(args):
    """{"content", "owner", "group", "mode"}; None where there is no file, also
    behind a dangling link."""
    path = args["path"]
    directory.resolve(path)
    now = files.attributes(path)
    if now is None:
        return None
    if now["state"] == "directory":
        raise host.Failed("Path %s is a directory !" % path, rc=256)
    if now["state"] != "file":
        raise host.Failed("%s is not a regular file" % path)
    try:
        now["content"] = files.read(path)
    except EnvironmentError as error:
        raise host.Failed("cannot read %s: %s" % (path, error.strerror))
    return now


def wanted(args, before, content):
    """The file with this content and the attributes of the arguments.

    A file that is missing without `create` is a failure of `write`, not of the prediction: an
    earlier task may make it.
    """
    if before is None and args["state"] == "absent":
        return None
    if before is None and not args["create"]:
        host.warn("Destination %s does not exist" % args["path"])
    after = files.wanted_attributes(args, before)
    after["content"] = content
    return after


def write(args, before, after):
    """Put the content and the attributes in place; the backup's name, or None."""
    path = args["path"]
    if before is None:
        if not args["create"]:
            raise host.Failed("Destination %s does not exist !" % path, rc=257)
        files.make_directories(text(os.path.dirname(os.path.realpath(raw(path)))), {})
    elif before["content"] == after["content"]:
        files.apply_attributes(path, args)
        return None
    saved = None
    with files.Draft(path, args) as draft:
        if before is not None:
            # What was read may have been another file's, by a link that was there for that moment.
            draft.refuse_change(before["content"])
        draft.write(after["content"])
        if args["validate"]:
            draft.validate(args["validate"])
        if args["backup"] and before is not None:
            saved = draft.backup()
        draft.commit(args["unsafe_writes"])
    return saved


def attributes_differ(args, before):
    """Whether owner, group, mode or context of an existing file are not as the arguments want
    them."""
    after = files.wanted_attributes(args, before)
    return any(before.get(key) != value for key, value in after.items())


def message(args, before, edit):
    """Ansible's message: what the edit did, and whether attributes changed."""
    if before is None or not attributes_differ(args, before):
        return edit
    return edit + (" and " if edit else "") + "ownership, perms or SE linux context changed"


def diff(args, before, after):
    """The content before and after, then the attributes."""
    path = args["path"]
    parts = []
    old = (before or {}).get("content", b"")
    if after and old != after["content"]:
        texts = [files.printable_bytes(data) for data in (old, after["content"])]
        parts.append(files.content_diff(path, texts[0], texts[1]))
    attributes = dict(after or {}, content=old)
    if before is not None and any(before.get(key) != attributes[key] for key in attributes):
        parts.append(files.attributes_diff(path, before, attributes))
    return parts


def pattern(expression, name):
    """A regular expression on bytes, from an argument's text; None stays None."""
    if expression is None:
        return None
    try:
        return re.compile(raw(expression))
    except re.error as error:
        raise host.Failed("%s is not a regular expression: %s: %s" % (name, expression, error))
