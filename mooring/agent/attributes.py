"""Owner, group, mode and SELinux context of a file: what is there, what is wanted, making it so."""

from __future__ import absolute_import, division, print_function

import grp
import os
import pwd
import stat

from mooring.agent import host, modes, xattrs
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
    """{"state", "owner", "group", "mode"} and, under SELinux, "context"; None where there is nothing.

    `state` is file, directory, link or other; owner and group are names where the host knows one, or numbers.
    """
    path = raw(path)
    try:
        status = os.stat(path) if follow else os.lstat(path)
    except OSError:
        return None
    found = {
        "state": kind(status.st_mode),
        "owner": user_name(status.st_uid),
        "group": group_name(status.st_gid),
        "mode": modes.octal(status.st_mode),
    }
    context = xattrs.context(path, follow)
    if context:
        found["context"] = context
    return found


def path_info(path):
    """What Ansible adds to every result with a path: owner, group, mode, state, size, uid and gid."""
    now = attributes(path, follow=False)
    if now is None:
        return {"state": "absent"}
    status = os.lstat(raw(path))
    if now["state"] == "file" and status.st_nlink > 1:
        now["state"] = "hard"
    now.update(uid=status.st_uid, gid=status.st_gid, size=status.st_size)
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
    """The keys of `attributes` that the arguments ask for, as they will be. `before` is None for a new file.

    An owner that the host does not know yet stays as it was written, so that a check run predicts the change
    (an earlier task may make the user); `apply_attributes` fails on it.
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
    """Give `path` the owner, group, mode and context of the arguments; what is right already is not touched.

    Linux has no modes of symlinks, so without `follow` a link's mode is left out. Raises host.Failed.
    """
    path = raw(path)
    now = attributes(path, follow)
    if now is None:
        raise host.Failed("%s is not there, its attributes cannot be set" % text(path))
    is_directory = now["state"] == "directory"
    wanted = wanted_attributes(args, now, is_directory)
    try:
        if any(key in wanted and wanted[key] != now[key] for key in ("owner", "group")):
            change_owner(path, args, follow)
            # chown clears the setuid and setgid bits, so the mode comes after it.
            now["mode"] = attributes(path, follow)["mode"]
        if "mode" in wanted and wanted["mode"] != now["mode"] and now["state"] != "link":
            os.chmod(path, int(wanted["mode"], 8))
        if "context" in wanted and wanted["context"] != now.get("context"):
            xattrs.write(path, xattrs.SELINUX, wanted["context"].encode("ascii") + b"\0", follow)
    except OSError as error:
        raise host.Failed("cannot set the attributes of %s: %s" % (text(path), error.strerror))


def change_owner(path, args, follow):
    """chown to the owner and group of the arguments; one that is not given stays (-1)."""
    numbers = []
    for key, find, what in (("owner", find_user, "user"), ("group", find_group, "group")):
        number = -1 if args.get(key) is None else find(args[key])
        if number is None:
            raise host.Failed("chown of %s failed: failed to look up %s %s" % (text(path), what, args[key]))
        numbers.append(number)
    (os.chown if follow else os.lchown)(path, numbers[0], numbers[1])
