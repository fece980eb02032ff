"""What root's podman has, by its own JSON; each user's own images are theirs.

It keeps no record of where an image came from: each name of an image counts as one of a registry,
with the digest of the index where it was pulled by one. Not so what was made here (`localhost/`),
and the digest of a manifest that podman wrote by itself when it loaded an archive of docker's.
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
    """One image; an index counts before the manifest that was chosen by it."""
    tags = value(image, "Names") or value(image, "RepoTags") or []
    pairs = [(split(name)[0], split(name)[2]) for name in value(image, "RepoDigests") or []]
    manifests = {digest: read_file(folder, identity, "manifest-" + digest) for _, digest in pairs}
    layers = read_file(folder, identity, "sha256:" + identity).get("rootfs") or {}
    good = {digest for digest in manifests if not is_made_here(manifests[digest], layers.get("diff_ids") or ())}
    chosen = {digest for digest in good if "manifests" in manifests[digest]} or good
    digests = ["%s@%s" % (name, digest) for name, digest in pairs if digest in chosen and locate(name)[0] != LOCAL]
    return record("sha256:" + identity, tags, digests, is_running)


def is_made_here(manifest, diff_ids):
    """Whether podman itself wrote the manifest, for an archive of docker's: it calls layers
    compressed that are not."""
    layers = manifest.get("layers") or []
    return bool(layers) and all(
        layer.get("digest") in diff_ids and layer.get("mediaType", "").endswith("gzip") for layer in layers)


def read_file(folder, identity, key):
    """The JSON that the storage keeps under a key of an image; {} where there is none."""
    # It names files by the base64 of such keys.
    name = "=" + base64.b64encode(host.as_bytes(key)).decode("ascii")
    try:
        with io.open(os.path.join(folder, identity, name), "rb") as stream:
            known = host.native(json.loads(stream.read(MOST).decode("utf-8")))
    except (EnvironmentError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


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
