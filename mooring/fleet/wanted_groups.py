"""A list of hosts (`-i web1,web2`) has no groups: what plays that want some say of it."""

from __future__ import annotations

import string
from collections.abc import Iterable

from mooring.errors import UsageError
from mooring.fleet.site import CLIENTS, SERVER
from mooring.inventory.inventory import Inventory
from mooring.playbook.playbook import Play

_PLAIN = frozenset(string.ascii_letters + string.digits + ".-")


def require_groups(inventory: Inventory, plays: Iterable[Play]) -> None:
    """UsageError with the inventory to write, where only lists of hosts were given and plays are
    about our groups."""
    wants_groups = any(play.hosts in (SERVER, CLIENTS) for play in plays)
    if wants_groups and inventory.hosts and not any(host.source for host in inventory.hosts.values()):
        raise UsageError(
            f'the plays want the groups "{SERVER}" and "{CLIENTS}", which a list of hosts does not have;'
            f" this inventory.yml has them:\n\n{_write(inventory)}"
        )


def _write(inventory: Inventory) -> str:
    """An inventory with the first host as the server and the others as its clients;
    one alone is both."""
    first, *others = inventory.hosts
    lines = ["all:", "  children:"]
    for group, names in ((SERVER, [first]), (CLIENTS, others or [first])):
        lines += [f"    {group}:", "      hosts:"]
        for name in names:
            port = inventory.hosts[name].vars.get("ansible_port")
            lines.append(f"        {_quote(name)}:" + (f" {{ansible_port: {port}}}" if port else ""))
    return "\n".join(lines)


def _quote(name: str) -> str:
    """A name as YAML takes it for text, which it does not of `no`, of numbers and
    of what has colons."""
    is_plain = name[0].isalpha() and name[-1].isalnum() and set(name) <= _PLAIN and not name.isalpha()
    return name if is_plain else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
