"""One transaction from its beginning to its end, as the agent carries it out."""

from __future__ import absolute_import, division, print_function

from mooring.agent import files, host, wire
from mooring.agent.transaction import boot, faults, journal, lock, processes, saved
from mooring.agent.transaction.engines import find_engine
from mooring.agent.transaction.guard import Guard
from mooring.agent.transaction.look import Silent
from mooring.agent.transaction.steps import PAST, Steps
from mooring.agent.transaction.undo import close, describe_fate, undo

# The share of the time that going forward may take; the rest is for the way back.
FORWARD = 0.6
# How long the guard of a run that broke off may be waited for.
GUARD_SECONDS = 120


class Change(object):
    """Makes the plan's steps hold as a whole; as a context manager it undoes what an
    error leaves half done.

    Where the agent itself is asked to end, or loses its control machine, nothing is undone here:
    the agent ends at once, and the guard undoes.
    """

    def __init__(self, args):
        self.args = args
        self.began = processes.uptime()
        self.engine, self.unit = find_engine(args)
        self.faults = faults.Faults(args["fault"], faults.points(args["steps"], args["undo"]))
        self.guard = Guard(args, self.began + args["seconds"])
        self.lock = lock.Lock(args["run_dir"])
        self.journal = None
        self.events = []
        self.fate = {}

    def __enter__(self):
        self.guard.start()
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and (not issubclass(kind, Exception) or issubclass(kind, wire.EndOfStream)):
            return None
        if kind is None or self.journal is None:
            return self.leave()
        message = error.message if isinstance(error, host.Failed) else "%s: %s" % (kind.__name__, error)
        try:
            outcome = self.take_back()
            self.fate = self.find_fate()
        except (host.Failed, EnvironmentError) as trouble:
            raise host.Failed("%s; THE WAY BACK FAILED (%s) and is tried again when this run ends" % (message, trouble))
        self.leave()
        raise host.Failed("%s; %s" % (message, outcome), events=self.events, containers=self.fate,
                          seconds=self.seconds())

    def leave(self):
        """Lock and guard are not needed any more; the guard goes last, for it
        would see to the rest."""
        self.lock.release()
        self.guard.stop()

    def take_back(self):
        """Undo what was begun; how it is now, in words."""
        if self.journal.state is None:
            close(self.journal)
            return "nothing was changed"
        is_begun = not saved.are_old(self.journal.values) or self.journal.state != "nothing"
        outcome = undo(self.journal, self.engine, self.unit, self.faults)
        return outcome if is_begun else "nothing was changed"

    def go(self):
        """The whole way; returns the reply."""
        self.faults.point("guarded")
        self.take_lock()
        self.faults.point("locked")
        self.undo_leftover()
        self.compare()
        self.faults.point("compared")
        self.prepare()
        steps = Steps(self.journal, self.engine, self.unit, self.faults, self.began + FORWARD * self.args["seconds"])
        self.events = steps.events
        for at, step in enumerate(self.journal["steps"], 1):
            steps.go(step, "step%d" % at)
        self.fate = self.find_fate()
        self.confirm()
        self.journal.advance("done")
        self.faults.point("committed")
        close(self.journal)
        self.faults.point("tidied")
        return self.reply()

    def clear(self):
        """Only undo what an earlier change left open; returns the reply."""
        self.take_lock()
        left = journal.find(self.args["state_dir"])
        self.undo_leftover()
        return {"changed": left is not None, "msg": "nothing is left of an earlier change", "containers": {},
                "seconds": self.seconds(), "events": []}

    def take_lock(self):
        """The lock; a guard that still undoes is waited for, another operator is not."""
        limit = processes.uptime() + min(GUARD_SECONDS, self.args["seconds"] / 2.0)
        while True:
            try:
                return self.lock.take()
            except lock.Held as held:
                holder = held.holder
            if holder.get("role") != lock.GUARD or processes.uptime() > limit:
                raise host.Failed("another run changes this host's engine: process %s of %s, since %s; nothing was "
                                  "changed" % (holder.get("pid", "?"), holder.get("login", "?"),
                                               holder.get("since", "just now")), holder=holder)
            host.sleep(0.2)

    def undo_leftover(self):
        """A run before us, and its guard, were killed: its change is undone before
        ours is looked at."""
        journal.discard_draft(self.args["state_dir"])
        left = journal.find(self.args["state_dir"])
        if left is None:
            boot.disarm(self.args["state_dir"], self.args["units_dir"])
            return
        outcome = undo(left, *find_engine(left.values))
        if left.state not in journal.ENDED:
            raise host.Failed("an earlier change (%s, %s) was interrupted and cannot be undone: %s; nothing else was "
                              "changed: put the files right and remove %s" % (
                                  left["login"], left["since"], outcome, self.args["state_dir"]))
        host.warn("an earlier change (%s, %s) was interrupted and has been undone first: %s" % (
            left["login"], left["since"], outcome))

    def compare(self):
        """The files must still be those that the plan was made from."""
        for file in self.args["before"]:
            if files.digest(file["path"]) != file["sha1"]:
                raise host.Failed("%s changed meanwhile: run again; nothing was changed" % file["path"])

    def prepare(self):
        """Everything that needs space, and what can be tried without touching anything."""
        args = self.args
        values, drafts = saved.lay_out(args["steps"], args["undo"], self.guard.mark)
        try:
            containers, answered = self.engine.containers(), True
        except Silent:
            containers, answered = {}, False
        values.update(mark=self.guard.mark, service=args["service"], engine=args["engine"], answered=answered,
                      docker_host=args["docker_host"], containers=containers, login=processes.login(),
                      since=lock.stamp(), units_dir=args["units_dir"])
        self.journal = journal.Journal(args["state_dir"], values)
        boot.arm(args)
        self.faults.point("armed")
        self.journal.open()
        self.faults.point("journaled")
        saved.save(values)
        self.faults.point("saved")
        saved.write_drafts(drafts)
        saved.sync_folders(values["files"])
        self.faults.point("drafted")
        self.validate()
        self.faults.point("validated")

    def validate(self):
        """The daemon's own judgement of the last state of its file, with the
        flags that it will get."""
        words = list(self.args["validate"])
        if not words:
            return
        path = self.args["config_path"]
        laid = [file["draft"] for step in self.journal["steps"] for file in step["files"] if file["path"] == path]
        staged = laid[-1] if laid else path
        if staged is None:
            return
        argv = [words[0], "--validate", "--config-file", staged] + without_config(words[1:])
        ran = host.run(argv, timeout=60)
        if ran.rc != 0:
            raise host.Failed("%s would not start with the new configuration; it says: %s" % (
                self.args["service"], (ran.err.strip() or ran.out.strip()).replace(staged, path)))

    def confirm(self):
        """A round trip to the control machine: while that works, the operator will
        learn how it ended."""
        self.faults.point("confirming")
        try:
            for _ in host.content():
                pass
        except host.Failed:
            # It has nothing to send, which is an answer as well.
            pass
        self.faults.point("confirmed")

    def find_fate(self):
        try:
            return self.engine.fate(self.journal["containers"])
        except Silent:
            return {}

    def seconds(self):
        return round(processes.uptime() - self.began, 1)

    def reply(self):
        acts = [step["then"] for step in self.args["steps"] if step["then"] != "nothing"]
        phrases = ["the new configuration is in force"]
        if acts:
            phrases.append("%s was %s" % (self.args["service"], ", then ".join(PAST[act] for act in acts)))
        phrases.append(describe_fate(self.journal, self.fate) if self.fate else "")
        return {"changed": True, "msg": "; ".join(phrase for phrase in phrases if phrase), "containers": self.fate,
                "seconds": self.seconds(), "events": self.events}


def without_config(words):
    """The command line without its --config-file, which is named anew."""
    words_left, is_value = [], False
    for word in words:
        if not is_value and word != "--config-file" and not word.startswith("--config-file="):
            words_left.append(word)
        is_value = word == "--config-file"
    return words_left
