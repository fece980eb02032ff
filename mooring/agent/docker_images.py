"""Images of a Docker engine: finding, pulling with progress, asking the registry whether
there is a newer one."""

from __future__ import absolute_import, division, print_function

from mooring.agent import host
from mooring.agent.docker import Refused
from mooring.agent.docker_values import image_name, split_image

DISTRIBUTION_API = (1, 30)


def find(engine, name):
    """The image's inspection; None when the engine has none of that name or ID."""
    return engine.find("/images/%s/json" % image_name(name))


def is_newest(engine, name, image):
    """Whether the registry has just this image under `name`; None when the engine cannot tell
    without a pull."""
    if engine.api < DISTRIBUTION_API:
        return None
    try:
        answer = engine.request("GET", "/distribution/%s/json" % image_name(name), patience=60)
    except Refused:
        return None
    digest = answer["Descriptor"]["digest"]
    return any(known.endswith("@" + digest) for known in image.get("RepoDigests") or ())


def pull(engine, name):
    """Pull an image with progress in bytes; returns its inspection. The daemon's refusal is a
    host.Failed."""
    repository, tag = split_image(name)
    layers = {}
    for message in engine.stream("/images/create", {"fromImage": repository, "tag": tag}):
        detail = message.get("progressDetail") or {}
        if message.get("status") == "Downloading" and detail.get("total"):
            layers[message.get("id")] = (detail.get("current") or 0, detail["total"])
        elif message.get("status") in ("Download complete", "Pull complete") and message.get("id") in layers:
            total = layers[message["id"]][1]
            layers[message["id"]] = (total, total)
        if layers:
            done, total = (sum(column) for column in zip(*layers.values()))  # noqa: B905
            host.progress("pulling %s" % name, done, total)
    image = find(engine, name)
    if image is None:
        raise host.Failed("Docker pulled %s without an error, but has no image of that name" % name)
    return image


def load(engine, chunks, label, total):
    """Give the engine an archive in chunks, with progress; returns what it says
    of the images in it."""
    messages = engine.upload("/images/load", {"quiet": True}, counted(chunks, label, total))
    return "".join(message.get("stream", "") for message in messages).strip()


def counted(chunks, label, total):
    done = 0
    for chunk in chunks:
        done += len(chunk)
        host.progress(label, done, total)
        yield chunk


def tag(engine, image, name):
    """Give an image another name."""
    repository, label = split_image(name)
    engine.post("/images/%s/tag" % image, {"repo": repository, "tag": label, "force": True})
