"""What the engine says of itself: settings in effect by its API, and its containers."""

from __future__ import absolute_import, division, print_function

import json
import os
import socket

from mooring.agent import docker, host
from mooring.agent.transaction import processes

KINDS = (("mirrors", "mirror"), ("insecure", "insecure registry"), ("added", "added registry"))
# How a container ends that was killed with its engine, not by its own doing.
KILLED = (137, 143)
ASK_SECONDS = 10


class Silent(Exception):
    """The engine does not answer."""


class Engine(object):
    """A running Docker engine and its unit."""

    def __init__(self, unit, address):
        self.unit, self.address = unit, address

    def ask(self, path):
        """The API's object at `path` (None: there is none); Silent where nobody answers."""
        try:
            return docker.Engine({"docker_host": self.address, "timeout": ASK_SECONDS}).find(path)
        except (host.Failed, socket.error, ValueError) as error:
            raise Silent(str(error))

    def answers(self):
        try:
            self.ask("/info")
        except Silent:
            return False
        return True

    def settings(self):
        """{"mirrors", "insecure", "added": sets of texts, "live_restore": bool}."""
        info = self.ask("/info")
        config = info.get("RegistryConfig") or {}
        indexes = (config.get("IndexConfigs") or {}).items()
        return {
            "mirrors": {mirror.rstrip("/") for mirror in config.get("Mirrors") or []},
            "insecure": {name for name, index in indexes if not index.get("Secure", True)}
            | set(config.get("InsecureRegistryCIDRs") or []),
            "added": set(self.added(info)),
            "live_restore": bool(info.get("LiveRestoreEnabled")),
        }

    def added(self, info):
        """Red Hat's engine tells its registries in the API; where it does not, its
        command line does."""
        if info.get("Registries") is not None:
            return [entry.get("Name") if isinstance(entry, dict) else entry for entry in info["Registries"]]
        main = self.unit.main_process()
        words = processes.command_line(main[0]) if main else []
        names = [word.partition("=")[2] for word in words if word.startswith("--add-registry=")]
        names += [words[at + 1] for at, word in enumerate(words[:-1]) if word == "--add-registry"]
        return names + from_file(words, main)

    def differences(self, expect):
        """What of an Expect does not hold, in words."""
        return differences(expect, self.settings())

    def containers(self):
        """{id: start} of the containers that run."""
        started = {}
        for entry in self.ask("/containers/json") or []:
            known = self.ask("/containers/%s/json" % entry["Id"])
            if known:
                started[entry["Id"]] = known["State"]["StartedAt"]
        return started

    def fate(self, before):
        """What became of containers: {"kept", "restarted", "ended": [names], "lost": [names]}."""
        fates = {"kept": [], "restarted": [], "ended": [], "lost": []}
        for identity, started in sorted(before.items()):
            known = self.ask("/containers/%s/json" % identity)
            name = (known or {}).get("Name", "").lstrip("/") or identity[:12]
            fates[fate_of(known, started)].append(name)
        return fates


def fate_of(known, started):
    """One container's fate: `known` is what the engine says of it now."""
    if known is None:
        return "lost"
    state = known["State"]
    if state["StartedAt"] != started:
        return "restarted"
    if state.get("Running"):
        return "kept"
    return "lost" if state.get("ExitCode") in KILLED else "ended"


def from_file(words, main):
    """add-registry of daemon.json, where the engine was started after it was written."""
    path = "/etc/docker/daemon.json"
    for at, word in enumerate(words):
        if word == "--config-file":
            path = words[at + 1]
        elif word.startswith("--config-file="):
            path = word.partition("=")[2]
    try:
        own = json.loads(host.read_text(path)).get("add-registry") or []
        is_older = os.stat(path).st_mtime < os.stat("/proc/%d" % main[0]).st_mtime
    except (EnvironmentError, ValueError, AttributeError, TypeError):
        return []
    return host.native(own) if is_older else []


def differences(expect, settings):
    """What of an Expect does not hold, in words."""
    problems = []
    for key, word in KINDS:
        there = settings[key]
        wanted = [entry.rstrip("/") for entry in (expect.get("present") or {}).get(key) or []]
        gone = [entry.rstrip("/") for entry in (expect.get("absent") or {}).get(key) or []]
        problems += ["%s %s is not in effect" % (word, entry) for entry in wanted if entry not in there]
        problems += ["%s %s is still in effect" % (word, entry) for entry in gone if entry in there]
    wish = expect.get("live_restore")
    if wish is not None and bool(wish) != settings["live_restore"]:
        problems.append("live-restore is %s" % ("on" if settings["live_restore"] else "off"))
    return problems
