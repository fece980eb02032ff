"""The site of a command that looks at the fleet."""

from __future__ import annotations

from mooring.cli.options import Request
from mooring.cli.provision import connection_options, options
from mooring.fleet.site import Site

PLAYBOOK = "site.yml"


def load_site(request: Request) -> Site:
    """The inventory and the plays of the playbook of everything; MooringError where they or the options are wrong."""
    return Site.load(request.inventory, PLAYBOOK, options(request), connection_options(request), request.project)
