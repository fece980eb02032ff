"""What a runtime of Kubernetes has, by `crictl`: CRI-O, and a containerd without its own client.

Written after crictl's documented output: no real CRI-O was at hand.
"""

from __future__ import absolute_import, division, print_function

import json
import os

from mooring.agent import host
from mooring.agent.image_lists import by_containerd
from mooring.agent.image_lists.references import platform, record

RUNS = "CONTAINER_RUNNING"


def collect(args):
    """The engine's list; None where no runtime needs to be asked in this way."""
    has_containerd = bool(by_containerd.find_sockets(args)) and not host.which("ctr")
    program = host.which("crictl")
    if not host.which("crio") and not (has_containerd and program):
        return None
    if not program:
        raise host.Failed("there is no crictl to ask it")
    containers = read([program, "ps", "-o", "json"], "containers", args)
    running = {bare(container.get("imageRef")) for container in containers if container.get("state") == RUNS}
    images = [
        record("sha256:" + bare(image.get("id")), image.get("repoTags"), image.get("repoDigests"),
               bare(image.get("id")) in running)
        for image in read([program, "images", "-o", "json"], "images", args)]
    return {"name": "cri", "platform": platform("linux", os.uname()[4]), "images": images}


def read(argv, key, args):
    """The list under a key of the JSON that crictl prints."""
    text = host.check_run(argv, timeout=args["timeout"]).out
    try:
        return host.native(json.loads(text)).get(key) or []
    except (AttributeError, RuntimeError, ValueError):
        raise host.Failed("%s printed no JSON" % " ".join(argv))


def bare(identity):
    return (identity or "").replace("sha256:", "")
