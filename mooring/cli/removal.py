"""Taking the registry off its server; its images only for who types the server's name."""

from __future__ import annotations

import json
from dataclasses import replace

from mooring.cli.options import Request, has_terminal, require_inventory
from mooring.cli.provision import run_playbook
from mooring.errors import UsageError
from mooring.inventory.inventory import Inventory
from mooring.reporters.last_words import ask, end_line

GROUP = "server"
VARIABLE = "server_removal_data"


def remove_server(request: Request, with_data: bool, name: str) -> int:
    """Run the playbook; returns the exit status. UsageError where the name is not the server's."""
    if name and not with_data:
        raise UsageError("--name goes with --with-data: without it no image is deleted")
    playbook = request.project.playbook("deprovision-server.yml")
    if with_data:
        server = _find_server(request)
        _confirm(server, name, request)
        request = replace(request, extra_vars=(*request.extra_vars, json.dumps({VARIABLE: server})))
    return run_playbook(str(playbook), request)


def _find_server(request: Request) -> str:
    """The one server that is meant."""
    require_inventory(request)
    inventory = Inventory.load(request.inventory, request.project.root)
    meant = {host.name for host in inventory.match_limit(request.limit)} if request.limit else None
    servers = [host.name for host in inventory.match(GROUP) if meant is None or host.name in meant]
    if len(servers) != 1:
        names = ", ".join(servers) or "none"
        raise UsageError(f"--with-data deletes the images of one server, and meant are {names}: choose one by --limit")
    return servers[0]


def _confirm(server: str, name: str, request: Request) -> None:
    """Compare what was typed; check mode deletes nothing, and asks for nothing."""
    if request.check and not name:
        return
    if not name:
        if not has_terminal():
            raise UsageError("--with-data asks for the server's name, and there is no terminal: give it by --name")
        try:
            name = ask(f"All images of {server} will be deleted. Type its name to go on: ")
        except EOFError:
            end_line()
    if name.strip() != server:
        raise UsageError(f'"{name.strip()}" is not the server\'s name, {server}: nothing was removed')
