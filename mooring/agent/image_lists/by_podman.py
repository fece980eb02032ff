"""What root's podman has, by its own JSON; each user's own images are theirs.

It keeps no record of where an image came from: each name of an image counts as one of a registry, with the digest of
the index where it was pulled by one. Not so what was made here (`localhost/`), and what was loaded from an archive of
docker's: no registry has layers that are not compressed.
"""

from __future__ import absolute_import, division, print_function

import base64
import io
import json
import os

from mooring.agent import host
from mooring.agent.image_lists.references import locate, platform, record, split

LOCAL = "localhost"
# Of a manifest, as registries take them.
MOST = 4 * 1024 * 1024


def collect(args):
    """The engine's list; None where there is no podman."""
    program = host.which("podman")
    if not program:
        return None
    known = read([program, "info", "--format", "json"], args) or {}
    machine, store = known.get("host") or {}, known.get("store") or {}
    running = {bare(value(container, "ImageID")) for container in read([program, "ps", "--format", "json"], args)}
    images = {bare(value(image, "Id")): image for image in read([program, "images", "--format", "json"], args)}
    folder = os.path.join(str(store.get("graphRoot")), "%s-images" % store.get("graphDriverName"))
    return {
        "name": "podman",
        "platform": platform(machine.get("os"), machine.get("arch")),
        "images": [describe(identity, images[identity], identity in running, folder) for identity in sorted(images)],
    }


def describe(identity, image, is_running, folder):
    tags = value(image, "Names") or value(image, "RepoTags") or []
    digest, repo_digests = value(image, "Digest") or "", value(image, "RepoDigests") or []
    own = [name for name in repo_digests if split(name)[2] == digest] or repo_digests
    digests = [name for name in own if locate(split(name)[0])[0] != LOCAL]
    if digests and is_loaded(folder, identity):
        digests = []
    return record("sha256:" + identity, tags, digests, is_running)


def is_loaded(folder, identity):
    """Whether the image's layers are as its file systems are, not compressed: it was loaded, or made here."""
    manifest = read_file(os.path.join(folder, identity, "manifest"))
    # The storage names files with other keys than letters by their base64.
    key = base64.b64encode(host.as_bytes("sha256:" + identity)).decode("ascii")
    config = read_file(os.path.join(folder, identity, "=" + key))
    try:
        layers = [layer["digest"] for layer in manifest["layers"]]
        return bool(layers) and set(layers) <= set(config["rootfs"]["diff_ids"])
    except (KeyError, TypeError):
        return False


def read_file(path):
    """The JSON of a file of the storage; {} where there is none."""
    try:
        with io.open(path, "rb") as stream:
            return host.native(json.loads(stream.read(MOST).decode("utf-8")))
    except (EnvironmentError, ValueError):
        return {}


def read(argv, args):
    """The JSON that podman prints."""
    text = host.check_run(argv, timeout=args["timeout"]).out
    try:
        return host.native(json.loads(text)) or []
    except (ValueError, RuntimeError):
        raise host.Failed("%s printed no JSON" % " ".join(argv))


def value(entry, name):
    """A value under a key that older releases wrote otherwise."""
    for key in entry:
        if key.lower() == name.lower():
            return entry[key]
    return None


def bare(identity):
    return (identity or "").replace("sha256:", "")
