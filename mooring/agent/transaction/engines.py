"""The engines that have no API to ask: containerd and CRI-O by their service and shims,
podman not at all."""

from __future__ import absolute_import, division, print_function

from mooring.agent import host
from mooring.agent.transaction import look, processes
from mooring.agent.transaction.look import Silent
from mooring.agent.transaction.unit import Unit


def find_engine(args):
    """(how to look at the engine, its Unit or None) for a module's arguments or a journal."""
    if args["engine"] == "podman":
        return Podman(), None
    unit = Unit(args["service"])
    if args["engine"] == "docker":
        return look.Engine(unit, args["docker_host"]), unit
    return Shims(unit), unit


class Podman(object):
    """No daemon: every command reads the files anew."""

    def answers(self):
        return True

    def differences(self, expect):
        return []

    def containers(self):
        return {}

    def fate(self, before):
        return {"kept": [], "restarted": [], "ended": [], "lost": []}


class Shims(Podman):
    """A daemon whose containers are held by one process each, which outlives it."""

    def __init__(self, unit):
        self.unit = unit

    def answers(self):
        try:
            return self.unit.is_active()
        except host.Failed:
            return False

    def differences(self, expect):
        if not self.answers():
            raise Silent("%s is not active" % self.unit.name)
        return []

    def containers(self):
        return processes.shims()

    def fate(self, before):
        """A container's own end ends its shim too; it cannot be told from a killed one."""
        now = processes.shims()
        kept = sorted(pid for pid in before if now.get(pid) == before[pid])
        return {"kept": kept, "restarted": [], "ended": [], "lost": sorted(set(before) - set(kept))}
