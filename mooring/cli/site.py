"""The site of a command that looks at the fleet."""

from __future__ import annotations

from collections.abc import Callable

from mooring.cli.options import Request
from mooring.cli.provision import connection_options, options
from mooring.fleet.site import Site

PLAYBOOK = "site.yml"


def load_site(request: Request, clear_screen: Callable[[], None] = lambda: None) -> Site:
    """The inventory and the plays of the playbook of everything; MooringError where they or the options are wrong."""
    connections = connection_options(request, clear_screen)
    return Site.load(request.inventory, PLAYBOOK, options(request), connections, request.project)
