"""The engine's service, by systemd's own programs: systemctl, systemd-run, journalctl.
All calls stand here.

Every call is bounded: a systemd that hangs must not hold a transaction up. Works with systemd 219
of CentOS 7.
"""

from __future__ import absolute_import, division, print_function

import json

from mooring.agent import host, services
from mooring.agent.transaction import processes

SECONDS = 20
CURSOR = "-- cursor: "
# systemd's message that it begins to start a unit (systemd.journal-catalog:
# SD_MESSAGE_UNIT_STARTING).
STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5"
PROPERTIES = "LoadState,ActiveState,SubState,Result,MainPID,ExecMainStartTimestampMonotonic,UnitFileState,Job"
UNIT_FOLDERS = ("/etc/systemd/", "/run/systemd/", "/usr/lib/systemd/", "/lib/systemd/")


class Unit(object):
    """One service of systemd."""

    def __init__(self, name):
        self.name = name if "." in name else name + ".service"

    def show(self):
        """Its PROPERTIES as a dict of texts."""
        ran = host.run(["systemctl", "show", self.name, "--property=" + PROPERTIES], timeout=SECONDS)
        return services.parse(ran.out)

    def is_active(self):
        return self.show().get("ActiveState") in ("active", "reloading")

    def main_process(self):
        """(pid, start) of its main process, or None."""
        pid = self.show().get("MainPID", "0")
        started = processes.start_time(pid) if pid != "0" else None
        return None if started is None else (int(pid), started)

    def refuse_unusable(self):
        """Fail where the service cannot be reloaded or restarted at all."""
        state = self.show()
        load = state.get("LoadState")
        if load == "masked" or state.get("UnitFileState") == "masked":
            raise host.Failed("%s is masked: systemctl unmask %s first" % (self.name, self.name))
        if load != "loaded":
            raise host.Failed("there is no service %s on this host (%s)" % (
                self.name, load or "systemd does not answer"))

    def reload(self):
        """Send its SIGHUP by systemd; where the unit says no way to reload, to its main process."""
        ran = host.run(["systemctl", "reload", self.name], timeout=SECONDS)
        if ran.rc != 0 and "not applicable" in ran.err:
            ran = host.run(["systemctl", "kill", "--kill-who=main", "--signal=HUP", self.name], timeout=SECONDS)
        self.expect(ran, "reload")

    def restart(self):
        """Ask for a restart and do not wait for it; what failed before does not count against
        it."""
        host.run(["systemctl", "reset-failed", self.name], timeout=SECONDS)
        self.expect(host.run(["systemctl", "--no-block", "restart", self.name], timeout=SECONDS), "restart")

    def break_off(self):
        """End what hangs in its start or stop: its own processes, never those of containers."""
        for role in ("control", "main"):
            host.run(["systemctl", "kill", "--kill-who=" + role, "--signal=KILL", self.name], timeout=SECONDS)

    def expect(self, ran, verb):
        if ran.rc != 0:
            raise host.Failed("cannot %s %s: %s" % (verb, self.name, ran.err.strip() or "status %d" % ran.rc))

    def log_place(self):
        """Where the journal ends now, for `log_since`; None where there is no journal."""
        words = ["journalctl", "--no-pager", "-q", "-n", "1", "-o", "cat", "--show-cursor"]
        try:
            lines = host.run(words, timeout=SECONDS).out.splitlines()
        except host.Failed:
            return None
        cursors = [line for line in lines if line.startswith(CURSOR)]
        return cursors[-1][len(CURSOR):] if cursors else None

    def log_since(self, place):
        """The lines that the service wrote since `log_place`."""
        if place is None:
            return []
        words = ["journalctl", "--no-pager", "-q", "-o", "cat", "-u", self.name, "--after-cursor=" + place]
        return host.run(words, timeout=SECONDS).out.splitlines()

    def log_of_start(self, place, old):
        """The same, of a start alone: without what the main process before, (pid, start) or None,
        said at its end."""
        if place is None:
            return []
        words = ["journalctl", "--no-pager", "-q", "-o", "json", "-u", self.name, "--after-cursor=" + place]
        entries = [entry(line) for line in host.run(words, timeout=SECONDS).out.splitlines()]
        begun = [at for at, record in enumerate(entries) if record.get("MESSAGE_ID") == STARTING]
        entries = entries[begun[0]:] if begun else entries
        lines = [message_of(record) for record in entries if old is None or record.get("_PID") != str(old[0])]
        return [line for line in lines if line]


def entry(line):
    """One entry of the journal as a dict."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {}


def message_of(record):
    """An entry's text; what is no UTF-8 comes as a list of bytes, and what is too large as null."""
    text = record.get("MESSAGE")
    if isinstance(text, list):
        return host.as_text(bytes(bytearray(byte for byte in text if isinstance(byte, int) and 0 <= byte < 256)))
    text = host.native(text)
    return text if isinstance(text, str) else ""


def reread(paths):
    """Let systemd read its files again where one of `paths` is one of them."""
    if any(path.startswith(UNIT_FOLDERS) for path in paths):
        ran = host.run(["systemctl", "daemon-reload"], timeout=60)
        if ran.rc != 0:
            raise host.Failed("systemctl daemon-reload: %s" % ran.err.strip())


def run_apart(name, description, environment, argv):
    """Start a program as a service of its own, outside of our session; returns when it is
    started."""
    words = ["systemd-run", "--unit=" + name, "--description=" + description]
    words += ["--setenv=%s=%s" % pair for pair in sorted(environment.items())]
    ran = host.run(words + list(argv), timeout=SECONDS)
    if ran.rc != 0:
        raise host.Failed((ran.err.strip() or ran.out.strip() or "systemd-run failed").splitlines()[-1])


def stop_apart(name):
    """End such a service; nothing of it is left."""
    for verb in ("stop", "reset-failed"):
        host.run(["systemctl", verb, name], timeout=SECONDS)


def remains_apart(pattern):
    """Forget services of ours that ended badly (killed, most likely)."""
    host.run(["systemctl", "reset-failed", pattern], timeout=SECONDS)
