"""Keep an image on a Docker host; an archive is sent only where its image is missing."""

from __future__ import annotations

from mooring.actions.call import Call, Reply
from mooring.agent.modules.docker_image import PUBLIC_ARGS
from mooring.errors import ArgumentError
from mooring.playbook.tasks import Context, Task
from mooring.registry.docker_archive import read_archive
from mooring.templating.templar import is_template
from mooring.transport.content import FileContent

ARGS = {**PUBLIC_ARGS, "archive": {"type": "path"}}
RULES = {
    "required_if": [["state", "present", ["source"]]],
    "mutually_exclusive": [["archive", "load_path"]],
}


def check(task: Task, context: Context) -> None:
    """An archive that is named plainly must be there and hold the image."""
    archive, name = task.args.get("archive"), task.args.get("name")
    if archive is None or is_template(archive) or is_template(name) or is_template(task.args.get("tag")):
        return
    archived_image = read_archive(context.find(str(archive), "files", task.where), task.where)
    archived_image.image(str(name), task.args.get("tag"), task.where)


def run(call: Call) -> Reply:
    """Tell the host what the archive holds; it asks for the bytes only where the
    image's ID is missing."""
    args = {name: call.args[name] for name in PUBLIC_ARGS if call.args.get(name) is not None}
    archive = call.args["archive"]
    if archive is None or call.args["state"] == "absent":
        return call.module("docker_image", args)
    if call.args["source"] != "load":
        raise ArgumentError("docker_image: archive goes with source: load", call.where)
    path = call.find(archive, "files")
    known = read_archive(path, call.where).arguments(call.args["name"], call.args["tag"], call.where)
    return call.module("docker_image", {**args, **known}, FileContent(path))
