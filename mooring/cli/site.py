"""The site of a command that looks at the fleet."""

from __future__ import annotations

from collections.abc import Callable

from mooring.cli.options import Request, require_inventory
from mooring.cli.provision import connection_options, options
from mooring.errors import MooringError
from mooring.fleet.site import Site
from mooring.reporters.last_words import write_beside

PLAYBOOK = "site.yml"


def load_site(request: Request, clear_screen: Callable[[], None] = lambda: None) -> Site:
    """The inventory and the plays of the playbook of everything; MooringError where they or the
    options are wrong."""
    require_inventory(request)
    connections = connection_options(request, clear_screen)
    return _warn(Site.load(request.inventory, PLAYBOOK, options(request), connections, request.project))


def load_hosts_and_plays(request: Request) -> tuple[Site, str]:
    """The inventory with the plays of the playbook of everything, or without them and why: they
    cannot be read."""
    require_inventory(request)
    settings = options(request), connection_options(request)
    try:
        return _warn(Site.load(request.inventory, PLAYBOOK, *settings, request.project)), ""
    except MooringError as error:
        return _warn(Site.without_plays(request.inventory, *settings)), str(error)


def _warn(site: Site) -> Site:
    for text in site.inventory.warnings:
        write_beside(text)
    return site
