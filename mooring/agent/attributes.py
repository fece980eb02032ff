"""Owner, group, mode and SELinux context of a file: what is there, what is wanted, making it so."""

from __future__ import absolute_import, division, print_function

import errno
import grp
import os
import pwd
import stat
import time

from mooring.agent import directory, host, modes, xattrs
from mooring.agent.names import raw, text

FILE_ARGS = {
    "owner": {},
    "group": {},
    "mode": {"type": "raw"},
    "seuser": {},
    "serole": {},
    "setype": {},
    "selevel": {},
    "unsafe_writes": {"type": "bool", "default": False},
}
CONTEXT = ("seuser", "serole", "setype", "selevel")
NEW_FILE = 0o666
NEW_DIRECTORY = 0o777


def attributes(path, follow=True):
    """{"state", "owner", "group", "mode"} and, under SELinux, "context"; None
    where there is nothing.

    `state` is file, directory, link or other; owner and group are names where the host
    knows one, or numbers.
    """
    path = raw(path)
    try:
        status = os.stat(path) if follow else os.lstat(path)
    except OSError:
        return None
    return describe(status, xattrs.context(path, follow))


def attributes_of(held):
    """The same for what is held open."""
    return describe(held.status(), xattrs.context(held.path))


def describe(status, context):
    state = {
        "state": kind(status.st_mode),
        "owner": user_name(status.st_uid),
        "group": group_name(status.st_gid),
        "mode": modes.octal(status.st_mode),
    }
    if context:
        state["context"] = context
    return state


def path_info(path):
    """What Ansible adds to every result with a path: owner, group, mode, state, size, uid and
    gid."""
    now = attributes(path, follow=False)
    if now is None:
        return {"state": "absent"}
    status = os.lstat(raw(path))
    if now["state"] == "file" and status.st_nlink > 1:
        now["state"] = "hard"
    # Ansible writes the mode with a zero in front here, however many digits follow.
    now.update(uid=status.st_uid, gid=status.st_gid, size=status.st_size, mode="0%03o" % stat.S_IMODE(status.st_mode))
    if "context" in now:
        now["secontext"] = now.pop("context")
    return now


def kind(mode):
    """What sort of thing a mode belongs to."""
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISDIR(mode):
        return "directory"
    return "file" if stat.S_ISREG(mode) else "other"


def user_name(number):
    try:
        return pwd.getpwuid(number).pw_name
    except (KeyError, OverflowError):
        return "%d" % number


def group_name(number):
    try:
        return grp.getgrgid(number).gr_name
    except (KeyError, OverflowError):
        return "%d" % number


def find_user(name):
    """A user's number by name or number; None where the host has no such name."""
    try:
        return int(name)
    except ValueError:
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            return None


def find_group(name):
    """A group's number by name or number; None where the host has no such name."""
    try:
        return int(name)
    except ValueError:
        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            return None


def wanted_attributes(args, before, is_directory=False):
    """The keys of `attributes` that the arguments ask for, as they will be. `before` is
    None for a new file.

    An owner that the host does not know yet stays as it was written, so that a check run predicts
    the change (an earlier task may make the user); `apply_attributes` fails on it.
    """
    wanted = {}
    for key, find, name in (("owner", find_user, user_name), ("group", find_group, group_name)):
        if args.get(key) is not None:
            number = find(args[key])
            wanted[key] = name(number) if number is not None else args[key]
            if number is None:
                host.warn("%s %s is not known to this host yet" % (key, args[key]))
    if args.get("mode") is not None:
        wanted["mode"] = modes.octal(wanted_mode(args["mode"], before, is_directory))
    if any(args.get(key) is not None for key in CONTEXT) and xattrs.selinux_is_on():
        wanted["context"] = wanted_context(args, before)
    return wanted


def wanted_mode(mode, before, is_directory):
    """The mode as a number; a symbolic one counts from the mode there is, or from a new file's."""
    if before and "mode" in before:
        now = int(before["mode"], 8)
    else:
        now = (NEW_DIRECTORY if is_directory else NEW_FILE) & ~modes.umask()
    try:
        return modes.parse(mode, now, is_directory)
    except ValueError as error:
        raise host.Failed(str(error))


def wanted_context(args, before):
    """The SELinux context with the given parts replaced."""
    parts = (before or {}).get("context", "system_u:object_r:unlabeled_t:s0").split(":", 3)
    parts += ["s0"] * (4 - len(parts))
    for index, key in enumerate(CONTEXT):
        if args.get(key) is not None:
            parts[index] = args[key]
    return ":".join(parts)


def apply_attributes(path, args, follow=True):
    """Give `path` the owner, group, mode and context of the arguments; what is right
    already is not touched.

    Linux has no modes of symlinks, so without `follow` a link's mode is left out. Raises
    host.Failed.
    """
    try:
        held = directory.hold(path, follow)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise host.Failed("%s is not there, its attributes cannot be set" % text(path))
        raise host.Failed("cannot set the attributes of %s: %s" % (text(path), error.strerror))
    with held:
        apply_to(held, args)


def apply_to(held, args):
    """The same for what is held open, whatever lies under its name by now."""
    now = attributes_of(held)
    wanted = wanted_attributes(args, now, now["state"] == "directory")
    try:
        if any(key in wanted and wanted[key] != now[key] for key in ("owner", "group")):
            os.chown(held.path, *numbers(args, held.shown))
            # chown clears the setuid and setgid bits, so the mode comes after it.
            now["mode"] = modes.octal(held.status().st_mode)
        if "mode" in wanted and wanted["mode"] != now["mode"] and now["state"] != "link":
            os.chmod(held.path, int(wanted["mode"], 8))
        if "context" in wanted and wanted["context"] != now.get("context"):
            xattrs.write(held.path, xattrs.SELINUX, wanted["context"].encode("ascii") + b"\0")
    except OSError as error:
        raise host.Failed("cannot set the attributes of %s: %s" % (text(held.shown), error.strerror))


def numbers(args, path):
    """[user, group] that the arguments ask for; -1, which stays, for one that is not given."""
    ids = []
    for key, find, account in (("owner", find_user, "user"), ("group", find_group, "group")):
        number = -1 if args.get(key) is None else find(args[key])
        if number is None:
            raise host.Failed("chown of %s failed: failed to look up %s %s" % (text(path), account, args[key]))
        ids.append(number)
    return ids


def set_times(path, times):
    """Access and modification time: each "now" or "preserve"; a link's own cannot be set."""
    with directory.hold(path, follow=False) as held:
        now, status = time.time(), held.status()
        if stat.S_ISLNK(status.st_mode):
            return
        if times == ["now", "now"]:
            os.utime(held.path, None)  # allowed to whoever may write, not only to the owner
        else:
            kept = (status.st_atime, status.st_mtime)
            os.utime(held.path, tuple(now if word == "now" else old for word, old in zip(times, kept)))  # noqa: B905
