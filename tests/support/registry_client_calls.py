"""Calls of registry_client, with the modules that a host would run in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mooring.actions.call import Call, Mode, Reach, Reply
from mooring.errors import Where
from mooring.playbook import arguments
from mooring.playbook.keywords import Keywords
from mooring.playbook.tasks import Context, Loading, Task
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables
from mooring.transport.content import Content
from tests.support.docker_hosts import DEBIAN_UNIT, JSON

NAME = "registry.example.com"
REGISTRIES = [{"name": NAME, "insecure": True}]
LOOKED: Reply = {
    "changed": False,
    "unit": DEBIAN_UNIT,
    "files": {JSON: '{"mtu": 9}'},
    "certificates": {},
    "argv": ["/usr/sbin/dockerd"],
    "info": {"RegistryConfig": {"IndexConfigs": {}, "Mirrors": None}},
    "version": "20.10.24",
    "needs_reload": False,
    "containers": [{"id": "1", "name": "web", "restart": "always"}],
    "state": {"LoadState": "loaded", "ActiveState": "active"},
    "digests": {JSON: "5" * 40},
    "error": "",
}


class HostModules:
    """Answers in the modules' place, and keeps what they were asked."""

    def __init__(self, **replies: Reply) -> None:
        self.replies: dict[str, Reply] = {"docker_settled": {"changed": False, "is_open": False}, **replies}
        self.calls: dict[str, Mapping[str, Any]] = {}
        self.content: Content | None = None

    def __call__(self, name: str, args: Mapping[str, Any], content: Any = None, /) -> Reply:
        arguments.normalize(arguments.find_module(name), args, None)
        self.calls[name], self.content = args, content
        return self.replies[name]


def call(folder: Path, modules: HostModules, check: bool = False, **options: Any) -> Call:
    where = Where(str(folder / "p.yml"), 1, 1)
    args = arguments.normalize(arguments.find("registry_client", None), options, where)
    templar = Templar()
    task = Task("t", where, "registry_client", options, Keywords(), Keywords())
    context = Context(playbook_dir=folder, templar=templar, loading=Loading(lambda task, context: None))
    reach = Reach("h", modules, lambda _: None, lambda: None)
    return Call(task, context, args, Variables(templar, []), Mode(check, True), reach)
