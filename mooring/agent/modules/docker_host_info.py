"""What the Docker engine says of itself, as `docker info` has it (`host_info`). Changes nothing."""

from __future__ import absolute_import, division, print_function

from mooring.agent import docker

ARGS = dict(docker.ENGINE_ARGS)
READ_ONLY = True


def run(args):
    engine = docker.Engine(args)
    return {"changed": False, "can_talk_to_docker": True, "host_info": engine.get("/info")}
