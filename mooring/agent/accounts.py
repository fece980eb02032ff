"""What the host knows of a user: /etc/passwd, its groups, its password's hash, its home."""

from __future__ import absolute_import, division, print_function

import grp
import os
import pwd
import re

from mooring.agent import directory, files, host, tree_copy

SHADOW = "/etc/shadow"
SKELETON = "/etc/skel"


def find(name):
    """The user's entry as a dict, or None. Groups are the supplementary ones, sorted."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    others = [group for group in grp.getgrall() if group.gr_gid != entry.pw_gid]
    return {
        "name": name,
        "uid": entry.pw_uid,
        "group": group_name(entry.pw_gid),
        "gid": entry.pw_gid,
        "groups": sorted(group.gr_name for group in others if name in group.gr_mem),
        "comment": entry.pw_gecos,
        "home": entry.pw_dir,
        "shell": entry.pw_shell,
        "has_home": os.path.isdir(entry.pw_dir),
    }


def group_name(gid):
    """A group's name; its number as text when nobody has it."""
    try:
        return grp.getgrgid(int(gid)).gr_name
    except KeyError:
        return str(gid)


def resolve_group(group):
    """A group given by name or number as its name; None when there is no such group."""
    try:
        return grp.getgrnam(group).gr_name
    except KeyError:
        pass
    try:
        return grp.getgrgid(int(group)).gr_name
    except (KeyError, ValueError):
        return None


def password_hash(name):
    """What stands in /etc/shadow for the user; "" without an entry, None when this may not be
    read."""
    try:
        lines = host.read_text(SHADOW).splitlines()
    except (IOError, OSError):
        return None
    rows = [line.split(":") for line in lines]
    hashes = [row[1] for row in rows if row[0] == name and len(row) > 1]
    return hashes[0] if hashes else ""


def set_password(name, value):
    """By chpasswd's standard input: an argument would be seen by everybody in the
    list of processes."""
    if re.search(r"[:\n]", value):
        raise host.Failed("the password is not a hash: a colon or a line end cannot be in one")
    if not re.match(r"^[!*]*$|^!?\$[0-9a-zA-Z]+\$", value):
        host.warn("The password does not look like a hash; the user may not be able to log in with it")
    host.check_run(["chpasswd", "-e"], stdin="%s:%s\n" % (name, value))


def change(argv):
    """Run a program that changes accounts."""
    try:
        return host.check_run(argv)
    except host.Failed as failure:
        # Its own words vary from "not found" (it is in no ordinary user's PATH) to "cannot lock
        # /etc/passwd".
        if os.geteuid() != 0:
            failure.message += "\n(the task needs become: true)"
        raise


def make_home(entry):
    """The home of a user that exists already, filled from the skeleton, as useradd
    would have made it."""
    files.make_directories(os.path.dirname(entry["home"].rstrip("/")), {})
    folder, name = directory.locate(entry["home"])
    with folder, folder.make(name) as home:
        if os.path.isdir(SKELETON):
            with directory.open_directory(SKELETON) as skeleton:
                tree_copy.plant(skeleton, home, entry["uid"], entry["gid"])
        os.chown(home.path, entry["uid"], entry["gid"])
