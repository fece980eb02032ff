"""Drills: break off at a named point of a transaction, to see for real that the host
comes out of it whole."""

from __future__ import absolute_import, division, print_function

import os
import signal

from mooring.agent import host

WAYS = ("kill", "hang", "fail")
FAULT_POINTS = (
    "guarded", "locked", "compared", "armed", "journaled", "saved", "drafted", "validated",
    "stepN.begun", "stepN.fileM.before", "stepN.fileM.after", "stepN.recorded", "stepN.asked", "stepN.seen",
    "confirming", "confirmed", "committed", "tidied",
    "undo.begun", "undo.stepN.recorded", "undo.stepN.asked", "undo.restored", "undo.closed",
)
# Points of steps that tell the daemon something.
TELLING = (".recorded", ".asked")


def points(steps, undo):
    """The names of FAULT_POINTS for this plan, in the order of its steps."""
    points_of_steps = []
    for name in FAULT_POINTS:
        if "stepN" not in name:
            points_of_steps.append(name)
    longest = max([undo.get("reload") or [], undo.get("restart") or []], key=len)
    return points_of_steps + spread("step", steps) + spread("undo.step", longest)


def spread(prefix, steps):
    """The points of each step and of each of its files."""
    names = []
    for at, step in enumerate(steps, 1):
        for name in FAULT_POINTS:
            if not name.startswith(prefix + "N") or (step["then"] == "nothing" and name.endswith(TELLING)):
                continue
            own = name.replace("stepN", "step%d" % at)
            names += [own.replace("fileM", "file%d" % number) for number in range(1, len(step["files"]) + 1)] \
                if "fileM" in own else [own]
    return names


class Faults(object):
    """What a drill asks for: "kill:NAME", "hang:NAME" or "fail:NAME", several with spaces
    between."""

    def __init__(self, text, known):
        self.asked = {}
        for word in (text or "").split():
            way, _, name = word.partition(":")
            if way not in WAYS or name not in known:
                raise host.Failed("fault %r is none of kill:NAME, hang:NAME, fail:NAME with one of these names: %s" % (
                    word, ", ".join(known)))
            self.asked[name] = way

    def point(self, name):
        """Come by a point."""
        way = self.asked.get(name)
        if way == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif way == "fail":
            raise host.Failed("a drill makes %s fail" % name)
        elif way == "hang":
            host.progress("hanging at " + name, 1, 1)
            while True:
                host.sleep(3600)
