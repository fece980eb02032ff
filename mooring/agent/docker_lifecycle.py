"""A container's life: create, start, watch, stop, remove, and replace safely.

A replacement is created before the old container is touched, so a wrong configuration or a missing
network harms nobody. Then the old one is stopped and renamed, the new one takes the name and
starts. When that fails (a port is taken, the program exits at once, it never gets healthy), the new
one is removed and the old one comes back as it was. The old one is removed last. Where a run was
cut short in between, the next one gives the old container its name back first.
"""

from __future__ import absolute_import, division, print_function

import time

from mooring.agent import docker_crash, docker_plan, host
from mooring.agent.docker import Refused

NEW, OLD = ".mooring-new", ".mooring-old"
# How long a started container is watched for an early exit, in steps of a tenth of a second.
WATCHED_STEPS = 5


class Lifecycle(object):
    """What to do with the container of one task; `actions` tells what was done, in Ansible's
    words."""

    def __init__(self, engine, args):
        self.engine, self.args, self.name = engine, args, args["name"]
        self.actions = []

    def find(self, name=None):
        return self.engine.find("/containers/%s/json" % (name or self.name))

    def create(self, name, options, image, networks):
        """Create a container, connected but not started; returns its ID."""
        request = docker_plan.body(options, image, networks)
        created = self.engine.post("/containers/create", {"name": name}, request, patience=60)
        for warning in created.get("Warnings") or ():
            host.warn("Docker says: %s" % warning)
        try:
            self.join_networks(created["Id"], networks, options.get("network_mode"))
        except Refused:
            self.remove(created["Id"], volumes=True)
            raise
        self.actions.append({"created": "Created container", "id": created["Id"]})
        return created["Id"]

    def join_networks(self, container, networks, first):
        """Connect a new container to all its networks but the one that it was created in."""
        for name in sorted(networks):
            if name != first:
                self.connect(container, name, networks[name])

    def connect(self, container, network, wanted):
        request = {"Container": container, "EndpointConfig": docker_plan.endpoint_config(wanted)}
        self.engine.post("/networks/%s/connect" % network, body=request)

    def disconnect(self, container, network):
        self.engine.post("/networks/%s/disconnect" % network, body={"Container": container})

    def start(self, container, steady):
        """Start it and watch it begin; `steady`: wait until it is healthy."""
        try:
            self.engine.post("/containers/%s/start" % container, patience=60)
        except Refused as refusal:
            why = docker_crash.explain_start(self.engine, refusal.message, container)
            raise host.Failed("container %s does not start: %s" % (self.name, why))
        self.actions.append({"started": container})
        for _ in range(WATCHED_STEPS):
            current = self.find(container)
            if current is None:
                return  # removed by itself (auto_remove)
            self.refuse_broken(current)
            if not is_running(current):
                return
            host.sleep(0.1)
        if steady:
            self.wait_until_healthy(container)

    def refuse_broken(self, container):
        """Fail where the program ended with an error right after its start."""
        state = container["State"]
        ended = state.get("Restarting") or not state.get("Running")
        if ended and (state.get("ExitCode") or state.get("Error")):
            why = docker_crash.cause(self.engine, container)
            raise host.Failed("container %s does not run: its program ended with exit status %s%s" % (
                self.name, state.get("ExitCode"), ": " + why if why else ""))

    def wait_until_healthy(self, container):
        """Wait for the health check's verdict."""
        ends = time.time() + (self.args.get("healthy_wait_timeout") or 300)
        while True:
            state_now = self.find(container) or {"State": {}}
            status = health(state_now)
            if status == "healthy":
                return
            if status == "none" and state_now["State"]:
                raise host.Failed("container %s has no health check, so it cannot get healthy" % self.name)
            if status == "unhealthy" or not is_running(state_now):
                checks = (state_now["State"].get("Health") or {}).get("Log") or [{}]
                raise host.Failed("container %s is not healthy: %s" % (
                    self.name, (checks[-1].get("Output") or "").strip() or "no output of its health check"))
            if time.time() > ends:
                raise host.Failed("container %s did not get healthy in time: it is still starting" % self.name)
            host.sleep(0.25)

    def stop(self, container):
        """Stop it (force_kill: kill it) when it runs."""
        if self.args.get("force_kill"):
            query = {"signal": self.args["kill_signal"]} if self.args.get("kill_signal") else None
            self.engine.post("/containers/%s/kill" % container, query)
        else:
            grace = self.args.get("stop_timeout")
            query = {} if grace is None else {"t": grace}
            self.engine.post("/containers/%s/stop" % container, query, patience=(grace or 10) + 60)
        self.actions.append({"stopped": container})

    def restart(self, container, steady):
        grace = self.args.get("stop_timeout")
        query = {} if grace is None else {"t": grace}
        self.engine.post("/containers/%s/restart" % container, query, patience=(grace or 10) + 60)
        self.actions.append({"restarted": container})
        if steady:
            self.wait_until_healthy(container)

    def update(self, container, request):
        self.engine.post("/containers/%s/update" % container, body=request)
        self.actions.append({"updated": container, "parameters": request})

    def remove(self, container, volumes=None):
        """Remove it with force; its anonymous volumes too unless keep_volumes.
        Already gone is fine."""
        if volumes is None:
            volumes = self.args.get("keep_volumes") is False
        try:
            self.engine.delete("/containers/%s" % container, {"force": True, "v": volumes})
        except Refused as error:
            if error.status != 404:
                raise
        self.actions.append({"removed": container})

    def rename(self, container, name):
        self.engine.post("/containers/%s/rename" % container, {"name": name})

    def clear(self, *suffixes):
        """Remove what an interrupted replacement left behind."""
        for suffix in suffixes:
            if self.find(self.name + suffix):
                self.remove(self.name + suffix)

    def recover(self):
        """The container that a replacement which was cut short has renamed, under its name again;
        None if none."""
        if self.find(self.name + OLD) is None:
            return None
        self.rename(self.name + OLD, self.name)
        return self.find()

    def make(self, make_new, start, steady):
        """A container where there was none; one that does not start is removed again."""
        container = make_new(self.name)
        if start:
            try:
                self.start(container, steady)
            except host.Failed:
                self.remove(container, volumes=True)
                raise
        self.clear(NEW)

    def replace(self, old, make_new, start, steady):
        """Put a new container in the place of `old` (its inspection), or leave
        everything as it was."""
        self.clear(NEW, OLD)
        new = make_new(self.name + NEW)
        was_running = is_running(old)
        try:
            if was_running:
                self.stop(old["Id"])
            if self.find(old["Id"]):  # else auto_remove has removed it
                self.rename(old["Id"], self.name + OLD)
            self.rename(new, self.name)
            if start:
                self.start(new, steady)
        except host.Failed as failure:
            self.bring_back(old, new, was_running)
            raise host.Failed("%s (the old container is back)" % failure.message, **failure.values)
        self.remove(old["Id"])

    def bring_back(self, old, new, was_running):
        self.remove(new, volumes=True)
        current = self.find(old["Id"])
        if current is None:
            raise host.Failed("container %s could not be replaced, and the old one removed itself" % self.name)
        if current["Name"] != "/" + self.name:
            self.rename(old["Id"], self.name)
        if was_running:
            self.engine.post("/containers/%s/start" % old["Id"], patience=60)


def is_running(container):
    state = (container or {}).get("State") or {}
    return bool(state.get("Running"))


def health(container):
    """The health check's verdict: starting, healthy, unhealthy, or none where there is no check."""
    return (((container or {}).get("State") or {}).get("Health") or {}).get("Status") or "none"
