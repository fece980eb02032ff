"""The guard: a second process outside of our session that undoes a transaction whose agent is gone.

It is a transient service, made of the agent's own sources in a zip below /run that it removes as
soon as it has read it. So nothing of it is on the host's disks, and its removal is also the sign
that it stands.
"""

from __future__ import absolute_import, division, print_function

import glob
import os
import re
import sys
import zipfile

from mooring.agent import host
from mooring.agent.names import raw
from mooring.agent.transaction import processes, unit
from mooring.agent.transaction.journal import remove, remove_directory

PREFIX = "mooring-guard-"
START_SECONDS = 15
MAIN = "from mooring.agent.transaction import watch\nwatch.main()\n"


class Guard(object):
    """The guard of this process, for a transaction that may take until `deadline` (uptime)."""

    def __init__(self, places, deadline):
        self.places, self.deadline = places, deadline
        self.pid = os.getpid()
        self.started = processes.start_time(self.pid)
        self.mark = "%d-%d" % (self.pid, self.started)
        self.name = PREFIX + self.mark
        self.zip = os.path.join(places["run_dir"], "mooring", self.name + ".zip")

    def start(self):
        """Return when it stands; host.Failed, with nothing left, where it cannot be started."""
        sweep(self.places["run_dir"])
        try:
            self.write_zip()
            argv = interpreter() + [self.zip, str(self.pid), str(self.started), str(self.deadline)]
            argv += [self.places[name] for name in ("state_dir", "run_dir", "units_dir")]
            unit.run_apart(self.name, "Mooring undoes an interrupted change of the engine", environment(), argv)
            self.await_sign()
        except (host.Failed, EnvironmentError) as error:
            self.stop()
            reason = error.message if isinstance(error, host.Failed) else error.strerror
            raise host.Failed("cannot start the process that would undo an interrupted change: %s; nothing was "
                              "changed" % reason)

    def write_zip(self):
        """Below /run, where root alone may write, in a directory that root alone may enter."""
        folder = os.path.dirname(self.zip)
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o700)
        write_program(self.zip, MAIN)

    def await_sign(self):
        limit = processes.uptime() + START_SECONDS
        while os.path.exists(self.zip):
            if processes.uptime() > limit:
                raise host.Failed("it does not come up")
            host.sleep(0.02)

    def stop(self):
        """End it; nothing of it is left."""
        discard(self.zip)
        unit.stop_apart(self.name)


def interpreter():
    """Our own Python, as it was started for us (bundle.py): without anything that a user
    has put in its way."""
    return [sys.executable, "-E", "-s"] + ["-S"] * bool(sys.flags.no_site) + ["-B"]


def environment():
    """The surroundings of a program that systemd starts for us."""
    return {"LC_ALL": os.environ.get("LC_ALL") or "C.UTF-8", "PATH": ":".join(host.SEARCH_PATH)}


def write_program(path, main):
    """A zip of the agent's own sources that runs the text `main`; on the disk before this
    returns."""
    handle = os.open(raw(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        archive = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED)
        for name, text in sorted(needed(sources()).items()):
            archive.writestr(name, text)
        archive.writestr("__main__.py", main)
        archive.close()
        stream.flush()
        os.fsync(stream.fileno())


def is_cared_for(mark):
    """Whether the agent that began a transaction, or its guard, is still there to end it."""
    pid, started = mark.split("-")
    return processes.lives(pid, int(started)) or processes.runs_with(PREFIX + mark)


def discard(path):
    """Remove a guard's zip, and the directory of zips with the last."""
    remove(raw(path))
    remove_directory(os.path.dirname(path))


def sweep(run_dir):
    """Remove what guards left that were killed themselves; others' guards stay."""
    for path in glob.glob(os.path.join(run_dir, "mooring", PREFIX + "*.zip")):
        match = re.search(r"-(\d+)-(\d+)\.zip$", path)
        if match and not processes.lives(match.group(1), int(match.group(2))):
            discard(path)
    unit.remains_apart(PREFIX + "*")


def sources():
    """The agent's own sources by module name, from the importer that holds them."""
    for finder in sys.meta_path:
        held = getattr(finder, "sources", None)
        if isinstance(held, dict):
            return held
    raise host.Failed("the agent's own sources cannot be found")


def needed(sources):
    """{file name in the zip: source} of all that the guard may import."""
    chosen = [name for name in sources if name in sys.modules or ".transaction" in name]
    chosen = [name for name in chosen if not name.startswith("mooring.agent.modules")]
    files = {}
    for name in chosen:
        is_package = any(other.startswith(name + ".") for other in sources)
        files[name.replace(".", "/") + ("/__init__.py" if is_package else ".py")] = sources[name]
    return files
