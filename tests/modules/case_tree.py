"""The files of a data case: making them, taking a picture of them, comparing them.
Python 2.7 runs it too."""

from __future__ import absolute_import, division, print_function

import base64
import os
import stat


def content_bytes(value):
    """A content in a case: text, or {"base64": ...}, or {"repeat": text, "times": n}."""
    if isinstance(value, dict):
        if "repeat" in value:
            return value["repeat"].encode("utf-8") * value["times"]
        return base64.b64decode(value["base64"])
    return value.encode("utf-8") if isinstance(value, type(u"")) else value


def build(root, entries):
    """Make the files of a `before:` block under `root`."""
    if not os.path.isdir(root):
        os.makedirs(root)
    for name, entry in sorted(entries.items(), key=lambda item: ("hard" in (item[1] or ""), item[0])):
        if not isinstance(entry, dict) or "base64" in entry or "repeat" in entry:
            entry = {"content": entry}
        path = os.path.join(root, name).encode("utf-8")
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        if "link" in entry:
            os.symlink(entry["link"].encode("utf-8"), path)
            continue
        if "hard" in entry:
            os.link(os.path.join(root, entry["hard"]).encode("utf-8"), path)
            continue
        if entry.get("directory"):
            if not os.path.isdir(path):
                os.mkdir(path)
        else:
            with open(path, "wb") as stream:
                stream.write(content_bytes(entry.get("content", u"")))
        os.chmod(path, int(entry.get("mode", "0755" if entry.get("directory") else "0644"), 8))
        os.utime(path, (1000000000, entry.get("mtime", 1000000000)))


def tree(root):
    """A picture of everything below `root`: kind, mode, owner, content, and a
    file's time of change.

    A directory's time is left out: a draft that came and went in it is no trace.
    """
    entries = {}
    for folder, folders, names in os.walk(root.encode("utf-8")):
        for name in folders + names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            body, changed = None, int(status.st_mtime)
            if stat.S_ISLNK(status.st_mode):
                body = os.readlink(path)
            elif stat.S_ISDIR(status.st_mode):
                changed = None
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as stream:
                    body = stream.read()
            entries[path.decode("utf-8")] = (status.st_mode, status.st_uid, status.st_gid, status.st_ino, changed, body)
    return entries


def judge_file(path, name, entry):
    if entry is None:
        assert not os.path.lexists(path), "%s is still there" % name
        return
    assert os.path.lexists(path), "%s is missing" % name
    if not isinstance(entry, dict) or "base64" in entry or "repeat" in entry:
        entry = {"content": entry}
    if "link" in entry:
        target = os.readlink(path)
        assert target == entry["link"].encode("utf-8"), "%s leads to %r" % (name, target)
        return
    assert not os.path.islink(path), "%s is a link" % name
    if entry.get("directory"):
        assert os.path.isdir(path), "%s is no directory" % name
    if "hard" in entry:
        other = os.path.join(os.path.dirname(path), entry["hard"].encode("utf-8"))
        assert os.path.samefile(path, other), "%s is another file" % name
    if "mode" in entry:
        mode = "%04o" % stat.S_IMODE(os.stat(path).st_mode)
        assert mode == entry["mode"], "%s has mode %s, expected %s" % (name, mode, entry["mode"])
    if "content" in entry:
        with open(path, "rb") as stream:
            content = stream.read()
        assert content == content_bytes(entry["content"]), "%s holds %r" % (name, content)


def differing(first, second):
    return sorted(path for path in set(first) | set(second) if first.get(path) != second.get(path))
