"""What undoes at the next boot, should the power go in the middle of a transaction: a
unit and its program.

Both are on the disk before the journal is, and go after it. Whatever a power cut leaves of them is
run once, before any other service starts, and removes itself; without its program the unit does
nothing. It is not made known to systemd now: only the next boot is to read it.
"""

from __future__ import absolute_import, division, print_function

import os
import re

from mooring.agent import host
from mooring.agent.names import raw
from mooring.agent.transaction import guard, journal

UNITS = "/etc/systemd/system"
NAME = "mooring-undo.service"
# Wanted here and not by sysinit.target, which every start of a service pulls in again.
WANTS = "multi-user.target.wants"
PROGRAM = "undo.zip"
MAIN = "from mooring.agent.transaction import watch\nwatch.at_boot()\n"
PLAIN = re.compile(r"^[A-Za-z0-9/._:=%-]+$")
# For systemd 219 and newer. After local-fs.target, so that no file system of the network can make a
# cycle.
UNIT = """\
[Unit]
Description=Mooring undoes a change of the engine that a power cut interrupted
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target shutdown.target
Conflicts=shutdown.target
ConditionPathExists=%(program)s

[Service]
Type=oneshot
TimeoutStartSec=120
Environment=%(environment)s
ExecStart=%(command)s
"""


def arm(places):
    """Everything on the disk, the link that enables the unit last; host.Failed names what
    cannot be written."""
    program = os.path.join(places["state_dir"], PROGRAM)
    unit = os.path.join(places["units_dir"], NAME)
    wants = os.path.join(places["units_dir"], WANTS)
    path = places["state_dir"]
    try:
        journal.make_folder(places["state_dir"])
        guard.write_program(program, MAIN)
        journal.sync(places["state_dir"])
        path = unit
        journal.write_new(raw(unit), raw(describe(program, places)), 0o644)
        journal.sync(places["units_dir"])
        if not os.path.isdir(wants):
            os.mkdir(wants, 0o755)
            journal.sync(places["units_dir"])
        os.symlink(raw(unit), raw(os.path.join(wants, NAME)))
        journal.sync(wants)
    except EnvironmentError as error:
        raise host.Failed("cannot write what would undo at the next boot, in %s: %s" % (path, error.strerror))


def describe(program, places):
    """The unit's text."""
    words = guard.interpreter() + [program, places["state_dir"], places["run_dir"], places["units_dir"]]
    environment = ["%s=%s" % pair for pair in sorted(guard.environment().items())]
    return UNIT % {"program": program.replace("%", "%%"), "command": quoted(words), "environment": quoted(environment)}


def quoted(words):
    """Words as unit files have them; what needs no quotes gets none, for the oldest systemd's
    sake."""
    kept = [word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") for word in words]
    return " ".join(word if PLAIN.match(word) else '"%s"' % word for word in kept)


def disarm(state_dir, units_dir):
    """Nothing of it is left; also where it was written in part only."""
    wants = os.path.join(units_dir, WANTS)
    link = os.path.join(wants, NAME)
    if os.path.lexists(link):
        journal.remove(raw(link))
        journal.remove_directory(wants)
    journal.remove(raw(os.path.join(units_dir, NAME)))
    journal.remove(raw(os.path.join(state_dir, PROGRAM)))
    journal.remove_directory(state_dir)
