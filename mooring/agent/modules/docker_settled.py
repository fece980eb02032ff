"""Waits until no change of the engine is in progress, and returns how it ended. Changes nothing.

Mooring's own module, for a change whose answer got lost. `is_open` says that nobody is left who
would finish the change, or not within `seconds`. With `files` also `configuration` (old, new or
neither, by their digests before and after) and `answers` (whether the engine does).
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import docker, files, host
from mooring.agent.transaction import journal, processes
from mooring.agent.transaction.engines import find_engine
from mooring.agent.transaction.guard import is_cared_for
from mooring.agent.transaction.undo import answers

FILE_OPTIONS = {"path": {"type": "str", "required": True}, "old": {"type": "str"}, "new": {"type": "str"}}
ARGS = {
    "files": {"type": "list", "elements": "dict", "options": FILE_OPTIONS, "default": []},
    "service": {"type": "str", "default": "docker"},
    "engine": {"type": "str", "choices": ["docker", "podman", "containerd", "crio"], "default": "docker"},
    "seconds": {"type": "int", "default": 180},
    "docker_host": docker.ENGINE_ARGS["docker_host"],
    "state_dir": {"type": "path", "default": journal.FOLDER},
}
READ_ONLY = True
ANSWER_SECONDS = 10


def run(args):
    limit = processes.uptime() + args["seconds"]
    while is_under_way(args["state_dir"]) and processes.uptime() < limit:
        host.sleep(0.1)
    reply = {"changed": False, "is_open": journal.find(args["state_dir"]) is not None}
    if args["files"]:
        reply["configuration"] = configuration(args["files"])
        reply["answers"] = answers(find_engine(args)[0], ANSWER_SECONDS)
    return reply


def is_under_way(state_dir):
    """Whether a change is open that somebody still sees to."""
    left = journal.find(state_dir)
    return left is not None and is_cared_for(left["mark"])


def configuration(known):
    """Which of the two the files are; "neither" where they differ from both."""
    now = [files.digest(known_file["path"]) for known_file in known]
    for word in ("new", "old"):
        if now == [known_file[word] for known_file in known]:
            return word
    return "neither"
