"""The repositories in a registry's storage on disk, counted up to a limit, and the state of its
file system."""

from __future__ import absolute_import, division, print_function

import os
import stat

from mooring.agent.names import raw

FOLDER = "docker/registry/v2/repositories"
# A number beyond this says no more than the limit itself; neither does a look into more folders.
MOST, MOST_FOLDERS, DEEPEST = 1000, 20000, 60
READ_ONLY = getattr(os, "ST_RDONLY", 1)
# With less there is no image that could be pushed.
FULL = 1024 * 1024
SCARCE = 0.05
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def count(top):
    """How many repositories with images are below a storage's top, at most MOST; raises
    EnvironmentError."""
    repositories, looked = 0, 0
    waiting = [(os.path.join(raw(top), raw(FOLDER)), 0)]
    while waiting and repositories < MOST and looked < MOST_FOLDERS:
        folder, depth = waiting.pop()
        looked += 1
        entries = inner(folder, not depth)
        repositories += b"_manifests" in entries
        if depth < DEEPEST:
            waiting += [(os.path.join(folder, name), depth + 1) for name in entries if not name.startswith(b"_")]
    return repositories


def inner(folder, is_first):
    """The folders in a folder; one that vanished meanwhile, or was never there, has none."""
    try:
        entries = os.listdir(folder)
    except EnvironmentError:
        if os.path.lexists(folder):
            raise
        return []
    return [name for name in entries if is_folder(os.path.join(folder, name))]


def is_folder(path):
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except EnvironmentError:
        return False


def trouble(path, shown, uid=0):
    """(what keeps images from being written to a path, what soon will), each a sentence or ""."""
    while not os.path.lexists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    system = os.statvfs(path)
    size, free = system.f_blocks * system.f_frsize, system.f_bavail * system.f_frsize
    if system.f_flag & READ_ONLY:
        return "the registry's storage %s is read-only" % shown, ""
    if size and free < min(FULL, size // 20 or 1):
        return "the registry's storage %s is full: %s of %s are free" % (shown, text(free), text(size)), ""
    if system.f_files and not system.f_favail:
        return "the registry's storage %s is full: its file system has no inode left" % shown, ""
    if uid and not may_write(os.stat(path), uid):
        return "the registry's storage %s cannot be written by the registry's account %d" % (shown, uid), ""
    if size and free < size * SCARCE:
        return "", "the registry's storage %s is nearly full: %s of %s are free" % (shown, text(free), text(size))
    return "", ""


def may_write(status, uid):
    """Whether an account may make files in a directory; its groups are not known, so the group's
    right counts."""
    return bool(status.st_mode & (stat.S_IWUSR if status.st_uid == uid else stat.S_IWGRP | stat.S_IWOTH))


def text(size):
    """Bytes for people."""
    number, unit = float(size), 0
    while number >= 1024 and unit < len(UNITS) - 1:
        number, unit = number / 1024, unit + 1
    return "%d B" % size if not unit else "%.1f %s" % (number, UNITS[unit])
