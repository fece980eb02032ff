"""Render a Jinja2 template and bring the result to the host."""

from __future__ import annotations

import datetime
import os
import pwd
from pathlib import Path
from typing import Any

from mooring.actions import copy
from mooring.actions.call import Call, Reply
from mooring.agent.attributes import FILE_ARGS
from mooring.playbook.tasks import Context, Task
from mooring.templating.templar import is_template
from mooring.transport.content import Content

ARGS = {
    "src": {"type": "path", "required": True},
    "dest": {"type": "path", "required": True},
    "backup": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": True},
    "validate": {},
    "follow": {"type": "bool", "default": False},
    "trim_blocks": {"type": "bool", "default": True},
    "lstrip_blocks": {"type": "bool", "default": False},
    **FILE_ARGS,
}


def check(task: Task, context: Context) -> None:
    """A template that is named plainly must exist and be one."""
    if not is_template(task.args["src"]):
        path = context.find(str(task.args["src"]), "templates", task.where)
        context.templar.check_file(path, context.search_path("templates", task.where))


def run(call: Call) -> Reply:
    """Render here, then do what copy does."""
    path = call.find(call.args["src"], "templates")
    options = {name: call.args[name] for name in ("trim_blocks", "lstrip_blocks")}
    places = call.context.search_path("templates", call.where)
    variables = call.variables.with_layer(describe(path, call), final=True)
    text = call.context.templar.render_file(path, variables, places, options)
    name = path.name.removesuffix(".j2")
    return copy.send(call, Content(text.encode("utf-8", "surrogateescape")), name)


def describe(path: Path, call: Call) -> dict[str, Any]:
    """Ansible's variables of the template itself; `ansible_managed` may be made of them."""
    status = path.stat()
    try:
        owner: str | int = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        owner = status.st_uid
    return {
        "template_host": os.uname().nodename,
        "template_path": call.args["src"],
        "template_fullpath": str(path.absolute()),
        "template_destpath": call.args["dest"],
        "template_uid": owner,
        "template_mtime": datetime.datetime.fromtimestamp(status.st_mtime),
        "template_run_date": datetime.datetime.now(),
    }
