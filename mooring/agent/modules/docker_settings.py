"""Changes an engine's configuration whole or not at all: files, reload or restart, the way back.

Mooring's own module, called with a plan. The host does it by itself: where the connection or the
control machine is lost, a guard process on the host brings the old configuration back. Nothing of
it stays on the host.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import docker, host
from mooring.agent.transaction import boot, faults, journal
from mooring.agent.transaction.change import Change
from mooring.agent.transaction.engines import find_engine

FILE_OPTIONS = {
    "path": {"type": "str", "required": True},
    "text": {"type": "str"},
    "mode": {"type": "str", "default": "0644"},
    "secret": {"type": "bool", "default": False},
}
STEP_OPTIONS = {
    "files": {"type": "list", "elements": "dict", "options": FILE_OPTIONS, "default": []},
    "then": {"type": "str", "choices": ["nothing", "reload", "restart"], "default": "nothing"},
    "expect": {"type": "dict", "default": {}},
    "why": {"type": "str", "default": ""},
}
STEPS = {"type": "list", "elements": "dict", "options": STEP_OPTIONS, "default": []}
ARGS = {
    "service": {"type": "str", "default": "docker"},
    "engine": {"type": "str", "choices": ["docker", "podman", "containerd", "crio"], "default": "docker"},
    "before": {"type": "list", "elements": "dict", "default": [],
               "options": {"path": {"type": "str", "required": True}, "sha1": {"type": "str"}}},
    "steps": STEPS,
    "undo": {"type": "dict", "options": {"reload": STEPS, "restart": STEPS}, "default": {}},
    "validate": {"type": "list", "elements": "str", "default": []},
    "config_path": {"type": "str", "default": "/etc/docker/daemon.json"},
    "seconds": {"type": "int", "default": 180},
    "fault": {"type": "str", "default": ""},
    "docker_host": docker.ENGINE_ARGS["docker_host"],
    "state_dir": {"type": "path", "default": journal.FOLDER},
    "run_dir": {"type": "path", "default": "/run"},
    "units_dir": {"type": "path", "default": boot.UNITS},
}


def run(args):
    """Go the plan's steps; without steps only what an earlier change left open is undone."""
    faults.Faults(args["fault"], faults.points(args["steps"], args["undo"]))
    if not args["steps"] and journal.find(args["state_dir"]) is None:
        return {"changed": False, "msg": "nothing to change", "containers": {}, "seconds": 0, "events": []}
    for step in args["steps"]:
        for file_change in step["files"]:
            if not file_change["path"].startswith("/"):
                raise host.Failed("%s is not an absolute path" % file_change["path"])
    unit = find_engine(args)[1]
    if unit is not None and args["steps"]:
        unit.refuse_unusable()
    with Change(args) as change:
        return change.go() if args["steps"] else change.clear()
