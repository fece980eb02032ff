"""The way back: the old files, and the daemon with them. The agent takes it, or its guard, or the
next run; after a power cut the files alone, at boot, before there is a daemon.

It may be broken off at any moment and be begun again from its start.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import host
from mooring.agent.transaction import boot, processes, saved
from mooring.agent.transaction.faults import Faults
from mooring.agent.transaction.journal import ENDED
from mooring.agent.transaction.look import Silent
from mooring.agent.transaction.steps import Steps
from mooring.agent.transaction.unit import reread

STEP_SECONDS = 60


def undo(journal, engine, unit, faults=None):
    """Bring the host back to what the journal says it was; returns a sentence about how it is
    now."""
    faults = faults or Faults("", ())
    problems = []
    faults.point("undo.begun")
    if journal.state not in ENDED:
        steps = Steps(journal, engine, unit, faults, processes.uptime() + STEP_SECONDS)
        problems += go_back(journal, steps)
        problems += saved.put_back(journal.values)
        faults.point("undo.restored")
        if unit is not None and journal.state in ("reload", "restart"):
            problems += bring_back(journal, steps, bool(problems))
        settle(journal, problems)
    words = describe(journal, engine, problems)
    if journal.state in ENDED:
        close(journal)
    faults.point("undo.closed")
    return words


def undo_files(journal):
    """The same before any daemon runs: the engine starts after this, with the files
    that it finds then."""
    problems = []
    if journal.state not in ENDED:
        problems += saved.put_back(journal.values)
        try:
            reread([file["real"] for file in journal["files"]])
        except host.Failed as failure:
            problems.append(failure.message)
        settle(journal, problems)
    if journal.state in ENDED:
        close(journal)
    return "; ".join([describe_files(journal)] + problems)


def settle(journal, problems):
    """The way back is gone, where all files are what they were."""
    if saved.are_old(journal.values):
        journal.advance("undone")
    else:
        problems.append("some files could not be put back")


def close(journal):
    """Nothing is left of the transaction on the host; what would undo at boot goes last,
    as it can end this."""
    is_undone = journal.state != "done"
    saved.tidy(journal.values, is_undone)
    if not is_undone:
        saved.leave_no_empty_directory(journal.values)
    journal.close()
    boot.disarm(journal.folder, journal.values.get("units_dir", boot.UNITS))


def go_back(journal, steps):
    """The plan's own way back for what was begun; what went wrong in words. The files come back
    after it anyway."""
    for at, step in enumerate(journal["undo"].get(journal.state) or [], 1):
        try:
            for file in step["files"]:
                saved.place(file, keep=True)
            steps.faults.point("undo.step%d.recorded" % at)
            steps.limit = processes.uptime() + STEP_SECONDS
            if step["then"] == "restart":
                unblock(steps.unit)
            # A daemon that does not run cannot reload; it reads the files when it is started.
            if step["then"] != "reload" or steps.unit.is_active():
                steps.act(step, lambda at=at: steps.faults.point("undo.step%d.asked" % at))
        except host.Failed as failure:
            # What a reload should bring may hold all the same; the next step then finds what it
            # needs.
            if step["then"] == "restart" or steps.differences(step["expect"]):
                return [failure.message]
    return []


def bring_back(journal, steps, is_troubled):
    """The daemon at work with the old files, where it was before."""
    problems = []
    try:
        reread([file["real"] for file in journal["files"]])
        if is_troubled and steps.unit.is_active():
            steps.unit.reload()
        if journal["answered"] and not answers(steps.engine, 5):
            unblock(steps.unit)
            steps.limit = processes.uptime() + STEP_SECONDS
            place = steps.unit.log_place()
            before = steps.unit.main_process()
            steps.unit.restart()
            steps.await_start(before, place)
            answers(steps.engine, STEP_SECONDS)
    except host.Failed as failure:
        problems.append(failure.message)
    return problems


def unblock(unit):
    """End a start or stop that hangs, which would hold up ours."""
    if unit.show().get("ActiveState") in ("activating", "deactivating"):
        unit.break_off()


def answers(engine, seconds):
    limit = processes.uptime() + seconds
    while not engine.answers():
        if processes.uptime() > limit:
            return False
        host.sleep(0.2)
    return True


def describe_files(journal):
    """Which configuration is in force."""
    phrases = {"done": "the new configuration is in force", "undone": "the old configuration is in force again"}
    return phrases.get(journal.state, "the configuration is NOT whole")


def describe(journal, engine, problems):
    """That, whether the engine works, and what became of the containers."""
    phrases = [describe_files(journal)]
    try:
        fate = engine.fate(journal["containers"])
        phrases.append(describe_fate(journal, fate))
    except Silent as silence:
        was = "" if journal["answered"] else ", nor did it before"
        phrases.append("%s DOES NOT ANSWER%s (%s)" % (journal["service"], was, silence))
    if problems:
        phrases.append("on the way back: " + "; ".join(problems))
    return "; ".join(phrase for phrase in phrases if phrase)


def describe_fate(journal, fate):
    """Containers in a few words; nothing where none ran."""
    if not journal["containers"]:
        return ""
    phrases = ["%s: %s" % (word, ", ".join(fate[key])) for key, word in
            (("restarted", "restarted"), ("lost", "killed"), ("ended", "ended by themselves")) if fate[key]]
    if not phrases:
        count = len(fate["kept"])
        return "1 container kept running" if count == 1 else "all %d containers kept running" % count
    return "of %d containers " % len(journal["containers"]) + ", ".join(phrases)
