"""Looks where a registry keeps its images, how many repositories it has, and if it can write more.

Mooring's own module. It changes nothing. `wanted` is the place that the arguments make, `earlier`
that of the container as it is, or else what was noted in `record`; each with `repositories`, at
most 1000 (null: not to be seen from here), `trouble` and `warning`. `refusal` says why the wanted
place must not take the earlier one's place; "" where it may.
"""

from __future__ import absolute_import, division, print_function

import json
import os

from mooring.agent import docker, files, host, registry_places, repositories
from mooring.agent.docker_lifecycle import is_running

READ_ONLY = True
ARGS = dict({
    "container": {"type": "str", "required": True},
    "directory": {"type": "path", "required": True},
    "environment": {"type": "dict", "default": {}},
    "accept": {"type": "str", "default": ""},
    "record": {"type": "path", "required": True},
}, **docker.ENGINE_ARGS)
ACCEPT = "set registry_accept_empty_storage: %s"
MOST_CONFIGURATION = 1024 * 1024


def run(args):
    """Look at both places."""
    container, record = find_container(args), read_record(args["record"])
    environment = {key: str(value) for key, value in args["environment"].items()}
    wanted = registry_places.find(environment, {registry_places.DEFAULT: args["directory"]})
    look(wanted, wanted["path"], 0)
    earlier = earlier_place(container, record)
    refusal = "" if args["accept"] == wanted["name"] else find_refusal(wanted, earlier, record)
    note = {"storage": wanted["name"], "has_repositories": wanted["repositories"] != 0}
    return {"changed": False, "wanted": wanted, "earlier": earlier, "refusal": refusal, "record": note}


def find_container(args):
    """The inspected container; None where there is none, or no engine that could be asked."""
    try:
        return docker.Engine(args).find("/containers/%s/json" % args["container"])
    except docker.Unreachable:
        return None


def read_record(path):
    """What was noted when the registry was last provisioned: {"storage",
    "has_repositories"}, or {}."""
    try:
        record = host.native(json.loads((files.read(path) or b"").decode("utf-8")))
    except ValueError:
        return {}
    good = isinstance(record, dict) and isinstance(record.get("storage"), str)
    return {"storage": record["storage"], "has_repositories": bool(record.get("has_repositories"))} if good else {}


def earlier_place(container, record):
    """The place of the container as it is; of the record where there is none; None
    where there is neither."""
    if container is None:
        name = record.get("storage")
        if not name:
            return None
        place = {"name": name, "driver": "", "path": name if name.startswith("/") else None, "inside": ""}
        return look(place, place["path"], 0)
    mounts = registry_places.mounts_of(container)
    root = "/proc/%d/root" % container["State"]["Pid"] if is_running(container) else ""
    place = registry_places.find(
        registry_places.environment_of(container), mounts, read_configuration(container, mounts, root))
    # What the running registry sees counts: the host may have mounted, or lost, a disk at the same
    # path since.
    seen = root + place["inside"] if root and place["inside"] and os.path.isdir(root + place["inside"]) else None
    return look(place, seen or place["path"], account(container))


def account(container):
    """The number of the account that the container runs as; 0 where that is a name."""
    user = str((container.get("Config") or {}).get("User") or "0").partition(":")[0]
    return int(user) if user.isdigit() else 0


def read_configuration(container, mounts, root):
    """The text of the configuration that the container was told to read, "" where there is none."""
    words = [str(word) for word in container.get("Args") or () if str(word).endswith((".yml", ".yaml"))]
    path = registry_places.outside(words[-1], mounts) if words else None
    path = path or (root + words[-1] if words and root else None)
    try:
        data = files.read(path) if path else None
    except EnvironmentError:
        data = None
    return host.native((data or b"")[:MOST_CONFIGURATION].decode("utf-8", "replace"))


def look(place, path, uid):
    """Add to a place what can be seen of it at a path."""
    place.update(repositories=None, is_bare=path is not None, trouble="", warning="")
    if path is None:
        if place["driver"] == registry_places.FILESYSTEM:
            place.update(repositories=0, trouble="the registry's storage %s is in no directory of the host: it is lost "
                         "with the container" % place["inside"])
        return place
    try:
        place["trouble"], place["warning"] = repositories.trouble(path, place["name"], uid)
        place["repositories"] = repositories.count(path)
        place["is_bare"] = not os.path.isdir(os.path.join(path, repositories.FOLDER))
    except EnvironmentError as error:
        place["trouble"] = "the registry's storage %s cannot be read: %s" % (place["name"], error.strerror)
    return place


def find_refusal(wanted, earlier, record):
    """Why the wanted place must not be served: it is empty, or may be, and there are
    repositories elsewhere."""
    name = wanted["name"]
    accept = ACCEPT % name
    if wanted["repositories"]:
        return ""
    lost = unmounted(wanted["path"])
    if lost:
        return ("%s has no repositories, and %s, for which /etc/fstab has a file system, is not mounted: mount it, or, "
                "for an empty registry, %s" % (name, lost, accept))
    if earlier is None or (earlier["repositories"] == 0 and not was_full(earlier, record)):
        return ""
    known = describe(earlier["repositories"])
    if earlier["name"] == name:
        if wanted["path"] is None:
            return ""
        if earlier["repositories"]:
            return ("%s has no repositories on the host, and the running registry still %s there: mount its disk, "
                    "or, for an empty registry, %s" % (name, known, accept))
        return ("%s had repositories when it was last provisioned and has none now: mount its disk, restore its "
                "backup, or, for an empty registry, %s" % (name, accept))
    seen = "cannot be looked into from here" if wanted["repositories"] is None else "has none"
    return ("the registry %s in %s, and its new storage %s %s: move them there first, or, to go on "
            "without them, %s" % (known, earlier["name"], name, seen, accept))


def describe(count):
    """The repositories of a place in words; where there are none now, there were some."""
    if count is None:
        return "has an unknown number of repositories"
    if not count:
        return "had repositories when it was last provisioned"
    return "has %d %s" % (count, "repository" if count == 1 else "repositories") + (
        " or more" if count == repositories.MOST else "")


def was_full(earlier, record):
    """Whether a place that is empty now had repositories when it was noted. Where their folder is
    there and empty, somebody has deleted them; a disk that is missing leaves nothing at all."""
    noted = record.get("has_repositories") and record["storage"] == earlier["name"]
    return bool(noted and earlier["is_bare"])


def unmounted(path):
    """The place in /etc/fstab at or above a path that should be mounted and is not; ""
    where there is none."""
    if path is None:
        return ""
    path = os.path.realpath(path)
    rows = [line.split() for line in lines("/etc/fstab") if not line.lstrip().startswith("#")]
    mounted = {row[1] for row in (line.split() for line in lines("/proc/self/mounts")) if len(row) > 1}
    for row in rows:
        place = row[1].replace("\\040", " ") if len(row) > 3 and row[1].startswith("/") else ""
        within = len(place) > 1 and registry_places.is_within(path, os.path.realpath(place))
        if within and "noauto" not in row[3].split(",") and row[1].rstrip("/") not in mounted:
            return place
    return ""


def lines(path):
    return host.native((files.read(path) or b"").decode("utf-8", "replace")).splitlines()
