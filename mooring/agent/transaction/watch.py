"""The guard's own life: wait for the agent's end or the deadline, then undo what is still open.

Told in argv: the agent's pid and start, the deadline (uptime), the directories of the
journal, the lock and the units. After a power cut its second life, at boot: nothing to wait
for, and no daemon yet.
"""

from __future__ import absolute_import, division, print_function

import os
import signal
import sys

from mooring.agent import host
from mooring.agent.transaction import boot, guard, journal, lock, processes
from mooring.agent.transaction.engines import find_engine
from mooring.agent.transaction.undo import undo, undo_files

PAUSE = 0.1
# A command of the agent's last moment may still be on its way to systemd.
SETTLE = 0.3
PATIENCE = 900


def main():
    """Everything is in memory from the first line on: the zip can go, which is the
    sign that we stand."""
    pid, started, deadline = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    state_dir, run_dir, units_dir = sys.argv[4:7]
    guard.discard(sys.argv[0])
    await_end(pid, started, deadline)
    host.sleep(SETTLE)
    own = lock.Lock(run_dir, lock.GUARD)
    if take(own):
        finish(journal.find(state_dir), "%d-%d" % (pid, started))
        discard_beginnings(state_dir, units_dir)
        own.release()


def at_boot():
    """Run by the unit that an open transaction has on the disk. Where it fails the
    next run tries again."""
    state_dir, run_dir, units_dir = sys.argv[1:4]
    own = lock.Lock(run_dir, lock.GUARD)
    try:
        own.take()
    except lock.Held:
        return say("nothing to undo: a change is in progress")
    try:
        left = journal.find(state_dir)
        if left is not None:
            say("the host went down during a change of %s (%s, %s)" % (
                left["service"], left["login"], left["since"]))
            say(undo_files(left))
        discard_beginnings(state_dir, units_dir)
    except (host.Failed, EnvironmentError) as failure:
        say("cannot undo: %s; the next run tries again" % failure)
    is_done = journal.find(state_dir) is None
    own.release()
    sys.exit(0 if is_done else 1)


def discard_beginnings(state_dir, units_dir):
    """What a transaction leaves that was broken off before its journal was written."""
    journal.discard_draft(state_dir)
    if journal.find(state_dir) is None:
        boot.disarm(state_dir, units_dir)


def await_end(pid, started, deadline):
    """Until the agent is gone; one that takes too long is killed."""
    while processes.lives(pid, started):
        if processes.uptime() > deadline:
            say("the change takes too long: killing its process %d" % pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        host.sleep(PAUSE)


def take(own):
    """Whether we have the lock now; another run that is quicker undoes what we would have."""
    limit = processes.uptime() + PATIENCE
    while processes.uptime() < limit:
        try:
            own.take()
            return True
        except lock.Held:
            host.sleep(PAUSE)
    return False


def finish(left, mark):
    """Undo our own agent's transaction, if it is still open."""
    if left is None or left["mark"] != mark:
        return
    say("the process that changed %s is gone (%s): undoing" % (left["service"], left.state))
    try:
        say(undo(left, *find_engine(left.values)))
    except (host.Failed, EnvironmentError) as failure:
        say("cannot undo: %s; the next run tries again" % failure)


def say(text):
    """To the service's journal."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
