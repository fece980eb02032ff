"""An image's reference taken apart, and the records of the images that a list is made of."""

from __future__ import absolute_import, division, print_function

import os

from mooring.agent import host

HUB = "docker.io"
# An engine's words for a name that is none.
NONE = "<none>"
# The kernel's words for a machine, as image indexes have them.
MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm/v7", "armv6l": "arm/v6", "i386": "386", "i686": "386"}
# Of a host; nobody has so many images that could run.
MOST = 5000


def record(identity, tags, digests, is_running):
    """One image: its ID, names with tags, names with digests that came from, or
    went to, a registry."""
    return {"id": identity, "tags": sorted(set(drop_none(tags))), "digests": sorted(set(drop_none(digests))),
            "running": bool(is_running)}


def drop_none(names):
    return [name for name in names or () if NONE not in name]


def check_number(images):
    """The images, where they are not too many."""
    if len(images) > MOST:
        raise host.Failed("it has %d images; at most %d are read" % (len(images), MOST))
    return images


def split(reference):
    """(name, tag, digest) of "name:tag@digest"; "" for what is not there."""
    name, _, digest = reference.partition("@")
    bare, colon, tag = name.rpartition(":")
    return (bare, tag, digest) if colon and "/" not in tag else (name, "", digest)


def locate(name):
    """(registry, repository) of a name; short ones are Docker Hub's, as docker and
    containerd have it."""
    registry, slash, repository = name.partition("/")
    if not slash or not ("." in registry or ":" in registry or registry == "localhost"):
        registry, repository = HUB, name
    if registry == HUB and "/" not in repository:
        repository = "library/" + repository
    return registry, repository


def platform(system, architecture):
    """The platform in an index's words: linux/amd64."""
    architecture = MACHINES.get(architecture, architecture)
    if architecture == "arm":
        machine = MACHINES.get(os.uname()[4], "")
        architecture = machine if machine.startswith("arm/") else "arm/v7"
    return "%s/%s" % (system or "linux", architecture)
