"""Keeps an image on a Docker host: pulled, or loaded from an archive where its ID is missing.

With `source: load` the archive is a file of the host (`load_path`) or of the control machine
(`archive`), which is then streamed to the engine in chunks, only if the host has no image with that
ID. An image that is there under another name is only named. `force_source` pulls again, which is a
change only if the registry has another image.
"""

from __future__ import absolute_import, division, print_function

import os

from mooring.agent import docker, docker_archive, docker_images, host
from mooring.agent.docker_values import image_name

PUBLIC_ARGS = dict(
    name={"type": "str", "required": True},
    tag={"type": "str", "default": "latest"},
    source={"type": "str", "choices": ["load", "pull", "local"]},
    load_path={"type": "path"},
    state={"type": "str", "default": "present", "choices": ["absent", "present"]},
    repository={"type": "str"},
    force_source={"type": "bool", "default": False},
    force_tag={"type": "bool", "default": False},
    force_absent={"type": "bool", "default": False},
    **docker.ENGINE_ARGS
)
ARGS = dict(
    PUBLIC_ARGS,
    # What the control machine knows of its own archive, whose bytes are this task's content.
    archive_ids={"type": "list", "elements": "str"},
    archive_names={"type": "list", "elements": "str"},
    archive_layers={"type": "list", "elements": "str"},
    archive_size={"type": "int"},
)
RULES = {"required_if": [["state", "present", ["source"]]]}
ALWAYS = ("source",)
CHUNK = 256 * 1024


def current(args):
    """The image's ID under its name and under the repository's; None where the engine
    has no such image."""
    try:
        engine = docker.Engine(args)
    except docker.Unreachable as unreachable:
        host.warn(unreachable.message)
        return {"engine": "does not answer"} if args["state"] == "absent" else None
    image = docker_images.find(engine, full_name(args))
    if image is None:
        return None
    state = {"id": image["Id"]}
    if args["source"] == "load" and not is_missing(args) and is_image_of(archived(args), image):
        state["id"] = archived(args).ids[0]
    if args.get("repository"):
        other = docker_images.find(engine, args["repository"])
        state["repository"] = {args["repository"]: other["Id"] if other else None}
    return state


def wanted(args, before):
    """The image's ID as far as it can be known, and `source` where it has to be got."""
    if args["state"] == "absent":
        return None
    state = {}
    if args["source"] == "load" and is_missing(args):
        host.warn("%s is not there (yet)" % args["load_path"])
        state["source"] = "load"
    elif args["source"] == "load":
        state["id"] = archived(args).ids[0]
        if args["force_source"]:
            state["source"] = "load"
    elif before is None and args["source"] == "local":
        check_local(args)
    elif before is None or (args["force_source"] and not is_newest(args)):
        state["source"] = args["source"]
    if args.get("repository"):
        state.update(wanted_repository(args, before))
    return state


def wanted_repository(args, before):
    """The second name: it may point to another image unless force_tag asks for this one."""
    there = (before or {}).get("repository", {}).get(args["repository"])
    if before and "id" in before and (there is None or args["force_tag"]):
        image = docker_images.find(docker.Engine(args), full_name(args))
        return {"repository": {args["repository"]: image["Id"]}}
    return {}


def check_local(args):
    """`source: local` never gets an image, so one that is not there is a failure,
    if anybody can tell."""
    try:
        docker.Engine(args)
    except docker.Unreachable:
        return
    raise host.Failed("image %s is not on this host, and source is local" % full_name(args))


def is_newest(args):
    engine = docker.Engine(args)
    name = full_name(args)
    image = docker_images.find(engine, name)
    return args["source"] == "local" or docker_images.is_newest(engine, name, image)


def apply(args, before, after):
    """Pull, load, name or remove the image."""
    engine = docker.Engine(args)
    name, actions = full_name(args), []
    if after is None:
        engine.delete("/images/%s" % name, {"force": args["force_absent"]})
        return {"actions": ["Removed image %s" % name]}
    if "source" in after or before is None or before["id"] != after.get("id", before["id"]):
        actions.append(fetch(engine, args, name))
    image = docker_images.find(engine, name)
    if args.get("repository"):
        actions += name_repository(engine, args, image)
    same = before is not None and args["source"] == "pull" and before["id"] == image["Id"]
    changed = {"changed": False} if same and len(actions) == 1 and "source" in after else {}
    return dict(changed, actions=actions)


def fetch(engine, args, name):
    """Get the image under its name; returns what was done."""
    if args["source"] == "pull":
        docker_images.pull(engine, name)
        return "Pulled image %s" % name
    return load(engine, args, name)


def load(engine, args, name):
    """Load the archive unless the engine has its image already under another name,
    then see to the name."""
    image = archived(args)
    there = find_any(engine, image)
    if there is None or args["force_source"]:
        chunks = host.content() if args.get("archive_ids") else file_chunks(args["load_path"])
        size = args.get("archive_size") or (os.path.getsize(args["load_path"]) if args.get("load_path") else 0)
        docker_images.load(engine, chunks, "loading %s" % name, size)
        done = "Loaded image %s" % name
    else:
        done = "Named image %s" % name
    known = docker_images.find(engine, name)
    if known is None or not is_image_of(image, known):
        there = find_any(engine, image)
        if there is None:
            raise host.Failed("Docker took the archive, but has no image %s now" % name)
        docker_images.tag(engine, there["Id"], name)
    return done


def find_any(engine, image):
    """The engine's image with one of the archive's IDs, or with one of its names and its layers."""
    for identity in image.ids + list(image.names):
        known = docker_images.find(engine, identity)
        if known and is_image_of(image, known):
            return known
    return None


def is_image_of(image, known):
    """Whether an inspected image is the archive's; engines that convert archives give
    them IDs of their own."""
    if known["Id"] in image.ids:
        return True
    return has_containerd_store(known) and (known.get("RootFS") or {}).get("Layers") == list(image.layers)


def has_containerd_store(image):
    """Whether the image's ID is a manifest's digest: then the engine also knows the
    image by that digest."""
    return any(known.endswith("@" + image["Id"]) for known in image.get("RepoDigests") or ()) or "Descriptor" in image


def archived(args):
    """The archive's image that the task means."""
    if args.get("archive_ids"):
        return docker_archive.ArchivedImage(args.get("archive_names") or [], args["archive_ids"],
                                            args.get("archive_layers") or [])
    if not args.get("load_path"):
        raise host.Failed("source: load needs load_path (a file on the host) or archive (one on the control machine)")
    try:
        images = docker_archive.read_images(args["load_path"])
    except (IOError, OSError) as error:
        raise host.Failed("cannot read %s: %s" % (args["load_path"], error.strerror or error))
    except docker_archive.NotAnArchive as error:
        raise host.Failed("cannot load %s: %s" % (args["load_path"], error))
    chosen = docker_archive.choose(images, full_name(args))
    if chosen is None:
        names = ", ".join(name for image in images for name in image.names)
        raise host.Failed("%s has no image %s but %s" % (args["load_path"], full_name(args), names or "nameless ones"))
    return chosen


def is_missing(args):
    """Whether the host lacks the archive; a check run cannot see what an earlier
    task would put there."""
    return bool(args.get("load_path")) and not args.get("archive_ids") and not os.path.exists(args["load_path"])


def file_chunks(path):
    with open(path, "rb") as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            yield chunk


def name_repository(engine, args, image):
    """Give the image its second name where it is missing, or with force_tag points elsewhere."""
    repository = image_name(args["repository"])
    other = docker_images.find(engine, repository)
    if other and (other["Id"] == image["Id"] or not args["force_tag"]):
        return []
    docker_images.tag(engine, image["Id"], repository)
    return ["Tagged image %s to %s" % (full_name(args), repository)]


def full_name(args):
    """The name with its tag; a tag or digest in the name itself wins."""
    return image_name(args["name"], args.get("tag"))


def returns(args, before, now):
    """Ansible's `image`: the engine's inspection of it."""
    try:
        image = docker_images.find(docker.Engine(args), full_name(args))
    except docker.Unreachable:
        return {}
    return {"image": image or {}}
