"""Who listens on a TCP port of this host, by /proc."""

from __future__ import absolute_import, division, print_function

import glob
import os

from mooring.agent.text import as_text

LISTENS = "0A"
TABLES = ("tcp", "tcp6")
# A host with more open files than this is not searched to its end.
MOST_FILES = 500000


def find(port, proc="/proc"):
    """"sshd (process 812)" of who listens on the port; "" where nobody is seen to."""
    inodes = set()
    for name in TABLES:
        inodes.update(listening(os.path.join(proc, "net", name), port))
    targets = {"socket:[%s]" % inode for inode in inodes}
    looked = 0
    for folder in sorted(glob.glob(os.path.join(proc, "[0-9]*", "fd"))) if targets else ():
        for entry in names(folder):
            looked += 1
            if looked > MOST_FILES:
                return ""
            try:
                target = os.readlink(os.path.join(folder, entry))
            except EnvironmentError:
                continue  # ended meanwhile, or closed
            if target in targets:
                return describe(os.path.dirname(folder))
    return ""


def names(folder):
    try:
        return os.listdir(folder)
    except EnvironmentError:
        return []


def listening(path, port):
    """The inodes of sockets that listen on a port, from a table as /proc/net/tcp."""
    try:
        with open(path, "rb") as stream:
            lines = stream.read().decode("ascii", "replace").splitlines()[1:]
    except EnvironmentError:
        return []
    rows = [line.split() for line in lines]
    return [row[9] for row in rows
            if len(row) > 9 and row[3] == LISTENS and row[1].rpartition(":")[2] == "%04X" % port]


def describe(folder):
    """A process by its name and number."""
    try:
        with open(os.path.join(folder, "comm"), "rb") as stream:
            name = as_text(stream.read()).strip()
    except EnvironmentError:
        name = ""
    return "%s (process %s)" % (name or "a program", os.path.basename(folder))
