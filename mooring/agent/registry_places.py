"""Where a registry keeps its images, by its environment, its configuration and its container's
mounts, as data.

A place has a `name`, which people write in variables: a path of the host, or `s3:bucket/folder` and
the like. `path` is the host's path, None where the images are elsewhere.
"""

from __future__ import absolute_import, division, print_function

import posixpath
import re

FILESYSTEM, DEFAULT = "filesystem", "/var/lib/registry"
PREFIX = "REGISTRY_STORAGE_"
# What stands in `storage:` beside the driver.
BESIDE = ("cache", "delete", "redirect", "maintenance", "tag")
# The parameter that tells one place of a driver from another, as the environment has it.
PLACES = ("BUCKET", "CONTAINER", "ACCOUNTNAME", "ROOTDIRECTORY")


def find(environment, mounts, configuration=""):
    """The place, by the environment of the container, {path inside: path of the host} and the text
    of config.yml."""
    driver, parameters = read_configuration(configuration)
    if environment.get("REGISTRY_STORAGE"):
        driver, parameters = environment["REGISTRY_STORAGE"].strip(), {}
    front = PREFIX + driver.upper() + "_"
    parameters = dict(parameters, **{
        key[len(front):]: value for key, value in environment.items() if key.startswith(front)})
    if driver != FILESYSTEM:
        where = "/".join(str(parameters[key]).strip("/") for key in PLACES if parameters.get(key))
        return {"name": "%s:%s" % (driver, where), "driver": driver, "path": None, "inside": ""}
    inside = posixpath.normpath(str(parameters.get("ROOTDIRECTORY") or DEFAULT))
    path = outside(inside, mounts)
    return {"name": path or "container:" + inside, "driver": driver, "path": path, "inside": inside}


def outside(inside, mounts):
    """The host's path of one inside the container; None where that is in no mount."""
    best = max([place for place in mounts if is_within(inside, place)] or [""], key=len)
    if not best:
        return None
    rest = posixpath.relpath(inside, best)
    return posixpath.normpath(mounts[best] if rest == "." else posixpath.join(mounts[best], rest))


def is_within(path, folder):
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def read_configuration(text):
    """Driver and parameters (their names in capitals) in a config.yml; the filesystem
    where nothing is said."""
    driver, parameters, depth, inner = FILESYSTEM, {}, 0, False
    for line in text.splitlines():
        match = re.match(r"^( *)([A-Za-z0-9_-]+):[ ]*([^#]*)", line)
        if not match:
            continue
        indent, key, value = len(match.group(1)), match.group(2), match.group(3).strip().strip("\"'")
        if indent == 0:
            inner, depth = key == "storage", 0
            driver = value or driver if inner else driver
        elif inner and (not depth or indent <= depth):
            depth = indent
            chosen = key not in BESIDE
            driver = key if chosen else driver
        elif inner and chosen:
            parameters[key.upper()] = value
    return driver, parameters


def mounts_of(container):
    """{path inside: path of the host} of an inspected container."""
    return {str(mount["Destination"]): str(mount["Source"]) for mount in container.get("Mounts") or ()
            if mount.get("Destination") and mount.get("Source")}


def environment_of(container):
    """The container's environment."""
    entries = (container.get("Config") or {}).get("Env") or ()
    return dict(str(entry).partition("=")[::2] for entry in entries)
