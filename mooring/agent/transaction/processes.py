"""Processes and the host's clock, as /proc shows them."""

from __future__ import absolute_import, division, print_function

import os
import pwd
import time

from mooring.agent import host

SHIMS = ("containerd-shim", "conmon")
# What changed while a process was starting it may have read.
STARTING = 0.1


def uptime():
    """Seconds since the host booted: the same clock for all processes, and nobody sets it."""
    return float(host.read_text("/proc/uptime").split()[0])


def start_time(pid):
    """When a process began, in ticks since boot; None where it is gone (or only
    waits to be collected)."""
    try:
        fields = host.read_text("/proc/%s/stat" % pid).rpartition(")")[2].split()
    except (IOError, OSError):
        return None
    return None if fields[0] in ("Z", "X") else int(fields[19])


def changed_since(pid, paths):
    """Those of the paths that changed (text, mode or name) after a process began; all where there
    is no process."""
    began = start_time(pid)
    if began is None:
        return sorted(paths)
    moment = time.time() - uptime() + float(began) / os.sysconf("SC_CLK_TCK") + STARTING
    return sorted(path for path in paths if changed(path) > moment)


def changed(path):
    """When a file or a link to it changed, in seconds since the epoch; 0 where there is none."""
    try:
        return max(os.lstat(path).st_ctime, os.stat(path).st_ctime)
    except (IOError, OSError):
        return 0


def is_replaced(pid):
    """Whether the program of a process is not the one on the disk any more."""
    try:
        return os.readlink("/proc/%s/exe" % pid).endswith(" (deleted)")
    except (IOError, OSError):
        return False


def lives(pid, started):
    """Whether the process `pid` that began at `started` is still there; the number may
    be another's by now."""
    return start_time(pid) == started


def command_line(pid):
    """The process's own argument list; empty where it does not run."""
    try:
        return host.as_text(host.read_bytes("/proc/%s/cmdline" % pid)).split("\0")[:-1]
    except (IOError, OSError):
        return []


def runs_with(text):
    """Whether some other process has `text` in one of its words."""
    numbers = [name for name in os.listdir("/proc") if name.isdigit() and name != str(os.getpid())]
    return any(text in word for name in numbers for word in command_line(name))


def shims():
    """{pid: start} of the processes that hold containers for containerd and CRI-O."""
    times = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            words = command_line(name)
            if words and os.path.basename(words[0]).startswith(SHIMS):
                times[name] = start_time(name)
    return times


def login():
    """Who runs this, and from where: for the message to a second operator."""
    name = os.environ.get("SUDO_USER") or os.environ.get("LOGNAME")
    if not name:
        try:
            name = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            name = "user %d" % os.getuid()
    source = os.environ.get("SSH_CLIENT", "").split()
    return "%s from %s" % (name, source[0]) if source else name
