"""What docker has, by its API.

Its classic image store keeps the names under which images came from, or went to, a registry, each
with the digest of the index where there is one: RepoDigests. With containerd's image store it makes
these up, one of an image's names being as good to it as another; there the labels of containerd's
content tell.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import docker, host
from mooring.agent.image_lists import by_containerd
from mooring.agent.image_lists.references import drop_none, platform, record

CONTAINERD_STORE = ["driver-type", "io.containerd.snapshotter.v1"]
NAMESPACE = "moby"


def collect(args):
    """The engine's list; None where there is no docker."""
    try:
        engine = docker.Engine(args)
    except docker.Unreachable:
        if any(host.which(program) for program in by_containerd.DOCKERS):
            raise
        return None
    known = engine.get("/version")
    images, containers = engine.get("/images/json") or [], engine.get("/containers/json") or []
    running = {container.get("ImageID") for container in containers}
    status = engine.get("/info").get("DriverStatus") or []
    records = (from_containerd if CONTAINERD_STORE in status else from_docker)(images, running, args)
    return {"name": "docker", "platform": platform(known.get("Os"), known.get("Arch")), "images": records}


def from_docker(images, running, args):
    """The images of the classic image store."""
    return [record(image["Id"], image.get("RepoTags"), image.get("RepoDigests"), image["Id"] in running)
            for image in images]


def from_containerd(images, running, args):
    """The images of the containerd image store; their IDs are the digests of their
    indexes or manifests."""
    sources, program = {}, host.which("ctr")
    if not program and images:
        host.warn("docker keeps its images in containerd, and there is no ctr to ask where they came from")
    for path in by_containerd.find_sockets(args) if program else ():
        text = by_containerd.ask(program, path, NAMESPACE, ["content", "ls"], args)
        sources.update(by_containerd.read_sources(text))
    registries = by_containerd.list_registries(
        [tag for image in images for tag in drop_none(image.get("RepoTags"))])
    records = []
    for image in images:
        tags = drop_none(image.get("RepoTags"))
        proven = by_containerd.prove(tags, image["Id"], sources.get(image["Id"], ()), registries)
        records.append(record(image["Id"], tags, proven, image["Id"] in running))
    return records
