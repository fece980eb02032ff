"""Why containers do not run, a sentence each: the first error of their log, or who has their port.

Mooring's own module. It changes nothing.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import docker, docker_crash, host
from mooring.agent.docker_lifecycle import health

READ_ONLY = True
ARGS = dict({"names": {"type": "list", "elements": "str", "required": True}}, **docker.ENGINE_ARGS)


def run(args):
    """`containers`: for each name its `state` ("" where there is none of that name), `is_well`, and
    `cause`; `msg` is all of it that is wrong, in one line."""
    engine = docker.Engine(args)
    containers = {name: look(engine, name) for name in args["names"]}
    wrong = ["container %s %s" % (name, containers[name]["words"]) for name in args["names"]
             if not containers[name]["is_well"]]
    return {"changed": False, "containers": containers, "msg": "; ".join(wrong)}


def look(engine, name):
    """One container."""
    container = engine.find("/containers/%s/json" % name)
    if container is None:
        return {"state": "", "is_well": False, "cause": "", "words": "is not there"}
    state = container.get("State") or {}
    status = str(state.get("Status") or "")
    runs = bool(state.get("Running")) and not state.get("Restarting") and not state.get("Paused")
    if runs and health(container) != "unhealthy":
        return {"state": status, "is_well": True, "cause": "", "words": "runs"}
    if runs:
        status, cause = "unhealthy", last_check(state)
    else:
        cause = docker_crash.cause(engine, container) if state.get("ExitCode") or state.get("Error") else ""
    words = "is paused" if state.get("Paused") else "is unhealthy" if runs else "does not run (%s, exit status %s)" % (
        status, state.get("ExitCode"))
    cause = host.native(cause)
    return {"state": status, "is_well": False, "cause": cause, "words": words + (": " + cause if cause else "")}


def last_check(state):
    """What the last health check said."""
    checks = (state.get("Health") or {}).get("Log") or [{}]
    return docker_crash.first_error(str((checks[-1] or {}).get("Output") or ""))
