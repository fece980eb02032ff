"""Going a step: files in place, the daemon told, and a look whether it did what the plan
expects."""

from __future__ import absolute_import, division, print_function

import re

from mooring.agent import host
from mooring.agent.transaction import processes, saved
from mooring.agent.transaction.look import Silent
from mooring.agent.transaction.unit import reread

RELOAD_SECONDS = 20
# A daemon that logs little says nothing of a reload; what it refuses it has said by then.
QUIET_SECONDS = 1.0
# How long a service may be without a job and not be up before it counts as given up.
IDLE_SECONDS = 2.0
PAUSE = 0.1
# What a service was made to do, for people.
PAST = {"reload": "reloaded", "restart": "restarted"}
# Docker 1.13 says at a reload no more than what is wrong, as "invalid IP address: x" or "open ...:
# no such file".
REFUSAL = re.compile(
    r"level=error.*(reconfigur|unable to configure|configuration (file|validation|option)|invalid IP address|"
    r"not an ip address|could not load|cannot unmarshal|invalid character|end of JSON|open \S+: no such file)", re.I)
RELOADED = re.compile(r"Reloaded configuration|reload(ed|ing) (of )?config", re.I)
# Of a line of the log, and of its lines.
LONGEST, SHOWN = 2000, 20
TROUBLE = re.compile(r"level=(error|fatal)|unable to|failed to|invalid|cannot|could not|error:|panic", re.I)


class Steps(object):
    """Goes steps of one journal. `limit` is the uptime at which waiting ends; `events` collects
    what happened."""

    def __init__(self, journal, engine, unit, faults, limit):
        self.journal, self.engine, self.unit, self.faults = journal, engine, unit, faults
        self.limit = limit
        self.began = processes.uptime()
        self.events = []

    def tell(self, event):
        self.events.append({"at": round(processes.uptime() - self.began, 1), "what": event})

    def go(self, step, name):
        """The whole step; host.Failed says what did not come out as planned."""
        self.faults.point(name + ".begun")
        for number, file in enumerate(step["files"], 1):
            self.faults.point("%s.file%d.before" % (name, number))
            saved.place(file)
            self.faults.point("%s.file%d.after" % (name, number))
        self.tell("%s: %s written" % (name, ", ".join(file["path"] for file in step["files"]) or "no file"))
        then = step["then"]
        if then != "nothing":
            self.journal.advance(then)
            self.faults.point(name + ".recorded")
        self.act(step, lambda: self.faults.point(name + ".asked"))
        self.faults.point(name + ".seen")

    def act(self, step, reach_point):
        """Tell the daemon, and wait until what is expected holds."""
        if self.unit is None:
            return
        reread([file["real"] for file in step["files"]])
        place, before = self.unit.log_place(), None
        if step["then"] == "restart":
            before = self.unit.main_process()
            self.unit.restart()
            reach_point()
            self.await_start(before, place)
        elif step["then"] == "reload":
            self.unit.reload()
            reach_point()
        self.await_effect(step, place, before)
        if step["then"] != "nothing":
            self.tell("%s was %s" % (self.unit.name, PAST[step["then"]]))
        if (step.get("expect") or {}).get("same_containers"):
            self.expect_same_containers()

    def await_start(self, before, place):
        """Until the service runs anew; fails as soon as systemd has given it up."""
        busy = processes.uptime()
        while True:
            state, now = self.unit.show(), processes.uptime()
            active = state.get("ActiveState")
            if state.get("Job", "0") not in ("", "0"):
                busy = now
            elif active == "active" and self.unit.main_process() != before:
                return
            elif active == "failed" or now > busy + IDLE_SECONDS:
                raise host.Failed("%s does not start (%s, %s)%s" % (
                    self.unit.name, active, state.get("Result"), self.first_words(place, before)))
            if now > self.limit:
                raise host.Failed("%s is still %s (%s) after its restart%s" % (
                    self.unit.name, active, state.get("SubState"), self.first_words(place, before)))
            host.sleep(PAUSE)

    def await_effect(self, step, place, before):
        """Until the daemon says that the settings hold; `before` is the process that a restart has
        ended. A reload is taken in some time after the signal."""
        if step["then"] == "nothing" and not self.journal["answered"]:
            return
        began = processes.uptime()
        limit = min(self.limit, began + RELOAD_SECONDS) if step["then"] == "reload" else self.limit
        while True:
            rest = self.differences(step.get("expect") or {})
            lines = self.unit.log_since(place) if step["then"] == "reload" else []
            refused, is_reloaded = judge_log(lines)
            if refused:
                raise host.Failed("%s refuses the new configuration at its reload; it says: %s" % (
                    self.unit.name, "; ".join(shorten(refused))))
            is_taken = step["then"] != "reload" or is_reloaded
            now = processes.uptime()
            if not rest and (is_taken or now > began + QUIET_SECONDS):
                return
            if now > limit:
                is_anew = step["then"] == "restart"
                words = self.first_words(place, before) if is_anew else self.last_words(place)
                act = "a restart" if is_anew else "a reload" if step["then"] == "reload" else "the change"
                raise host.Failed("%s after %s%s" % ("; ".join(rest), act, words))
            host.sleep(PAUSE)

    def differences(self, expect):
        try:
            return self.engine.differences(expect)
        except Silent as silence:
            return ["no answer from the engine (%s)" % silence]

    def expect_same_containers(self):
        """The containers that ran before run on, untouched."""
        try:
            fate = self.engine.fate(self.journal["containers"])
        except Silent as silence:
            raise host.Failed("the engine does not list its containers (%s)" % silence)
        for word, names in (("restarted", fate["restarted"]), ("killed", fate["lost"])):
            if names:
                raise host.Failed("containers were %s that should have kept running: %s" % (word, ", ".join(names)))
        for name in fate["ended"]:
            host.warn("container %s ended by itself meanwhile" % name)

    def last_words(self, place):
        """What the daemon said since `place`, its complaints first."""
        return self.quote(lambda: self.unit.log_since(place))

    def first_words(self, place, before):
        """The same of a new process alone: the old one, `before`, complains at its end of things
        that are no reason."""
        return self.quote(lambda: self.unit.log_of_start(place, before))

    def quote(self, read):
        try:
            lines = read()
        except host.Failed:
            return ""
        lines = [line for line in lines if TROUBLE.search(line[:LONGEST])] or lines
        return "; it said: " + " / ".join(shorten(lines[-4:])) if lines else ""


def judge_log(lines):
    """(the lines that refuse a configuration, whether one says that it was reloaded)."""
    begun = [line[:LONGEST] for line in lines]
    refused = [line for line in begun if REFUSAL.search(line)]
    return refused[:SHOWN], any(RELOADED.search(line) for line in begun)


def shorten(lines):
    """The daemon's own lines, without its time stamps."""
    words = []
    for line in lines:
        line = re.sub(r'^time="[^"]*" ', "", line.strip())[:400]
        if line and line not in words:
            words.append(line)
    return words
