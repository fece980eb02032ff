"""Copy a file, or text given in the task, to the host."""

from __future__ import annotations

import json

from mooring.actions.call import Call, Reply
from mooring.agent.attributes import FILE_ARGS
from mooring.errors import ArgumentError, PlaybookError
from mooring.playbook.tasks import Context, Task
from mooring.templating.templar import is_template
from mooring.transport.content import Content, FileContent

ARGS = {
    "src": {"type": "path"},
    "content": {"type": "raw"},
    "dest": {"type": "path", "required": True},
    "remote_src": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": True},
    "validate": {},
    "directory_mode": {"type": "raw"},
    "follow": {"type": "bool", "default": False},
    **FILE_ARGS,
}
RULES = {"required_one_of": [["src", "content"]], "mutually_exclusive": [["src", "content"]]}
# What the host's half is given as it stands here.
PASSED = ("dest", "backup", "force", "validate", "directory_mode", "follow", *FILE_ARGS)


def check(task: Task, context: Context) -> None:
    """A source on the control machine that is named plainly must exist, and be a file."""
    src = task.args.get("src")
    remote = task.args.get("remote_src", False)
    if src is None or is_template(src) or remote is not False:
        return
    if context.find(str(src), "files", task.where).is_dir():
        raise PlaybookError(f'"{src}" is a folder', task.where, "copy takes single files; use loop")


def run(call: Call) -> Reply:
    """Hand the content's digest to the host; it asks for the bytes only where they differ."""
    if call.args["remote_src"]:
        return call.module("copy", {"src": call.args["src"], "remote_src": True, **passed(call)})
    if call.args["content"] is not None:
        content, name = Content(as_text(call.args["content"]).encode("utf-8", "surrogateescape")), ""
    else:
        path = call.find(call.args["src"], "files")
        if path.is_dir():
            raise ArgumentError(f'copy: "{path}" is a folder', call.where, "copy takes single files; use loop")
        content, name = FileContent(path), path.name
    return send(call, content, name)


def send(call: Call, content: Content, name: str) -> Reply:
    """Bring the content to `dest`; `name` is the file's name where `dest` is a folder."""
    args = {
        "checksum": content.sha1(),
        "size": content.size,
        "original_basename": name or None,
        **passed(call),
    }
    if args.get("mode") == "preserve" and isinstance(content, FileContent):
        args["mode"] = f"{content.path.stat().st_mode & 0o7777:04o}"
    return call.module("copy", args, content)


def passed(call: Call) -> dict[str, object]:
    """The arguments that go to the host unchanged."""
    return {name: call.args[name] for name in PASSED if call.args.get(name) is not None}


def as_text(value: object) -> str:
    """`content` as Ansible writes it: lists and mappings as JSON, anything else
    as Python prints it."""
    try:
        return json.dumps(value) if isinstance(value, (dict, list, tuple)) else str(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"copy: its content cannot be written as JSON: {error}") from None
