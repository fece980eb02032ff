"""Waits until no change of the engine is under way any more, and tells what came of it. Changes nothing.

Mooring's own module, for a change whose answer got lost: `configuration` is old, new or neither, by the digests of the
`files` before and after; `is_open` says that nobody has finished the change within `seconds`.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import docker, files, host
from mooring.agent.transaction import journal, processes
from mooring.agent.transaction.engines import find_engine
from mooring.agent.transaction.undo import answers

FILE_OPTIONS = {"path": {"type": "str", "required": True}, "old": {"type": "str"}, "new": {"type": "str"}}
ARGS = {
    "files": {"type": "list", "elements": "dict", "options": FILE_OPTIONS, "default": []},
    "service": {"type": "str", "default": "docker"},
    "engine": {"type": "str", "choices": ["docker", "podman", "containerd", "crio"], "default": "docker"},
    "seconds": {"type": "int", "default": 180},
    "docker_host": docker.ENGINE_ARGS["docker_host"],
    "state_dir": {"type": "path", "default": "/var/lib/mooring"},
}
READ_ONLY = True
ANSWER_SECONDS = 10


def run(args):
    limit = processes.uptime() + args["seconds"]
    while journal.find(args["state_dir"]) is not None and processes.uptime() < limit:
        host.sleep(0.1)
    engine = find_engine(args)[0]
    return {
        "changed": False,
        "configuration": configuration(args["files"]),
        "answers": answers(engine, ANSWER_SECONDS),
        "is_open": journal.find(args["state_dir"]) is not None,
    }


def configuration(known):
    """Which of the two the files are; "neither" where they differ from both."""
    now = [files.digest(one["path"]) for one in known]
    for word in ("new", "old"):
        if now == [one[word] for one in known]:
            return word
    return "neither"
