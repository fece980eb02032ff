"""The images that a host's engines have, with the names and digests by which registries had them.

Mooring's own module. It changes nothing. `engines` are those of docker, podman, containerd and
CRI-O that are there: each with its `name`, the host's `platform`, and `images`: `id`, `tags` (names
with tags), `digests` (names with digests, only those that a registry had), and whether a container
of it is `running`. `problems` are the engines that did not answer, with their words.
"""

from __future__ import absolute_import, division, print_function

from mooring.agent import docker, host
from mooring.agent.image_lists import by_containerd, by_cri, by_docker, by_podman
from mooring.agent.image_lists.references import check_number

ARGS = dict({
    "containerd_sockets": {"type": "list", "elements": "path", "default": [
        "/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock",
        "/run/k3s/containerd/containerd.sock"]},
}, **docker.ENGINE_ARGS)
READ_ONLY = True
KINDS = (("docker", by_docker.collect), ("podman", by_podman.collect), ("containerd", by_containerd.collect),
         ("cri", by_cri.collect))


def run(args):
    """Ask each engine; one that does not answer keeps nobody from the others."""
    engines, problems = [], []
    for name, collect in KINDS:
        try:
            engine = collect(args)
            if engine is not None:
                check_number(engine["images"])
                engines.append(engine)
        except host.Failed as failure:
            problems.append("%s: %s" % (name, failure.message))
    return {"changed": False, "engines": engines, "problems": problems}
