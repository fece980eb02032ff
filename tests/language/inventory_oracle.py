"""ansible-core's reading of an inventory, beside ours."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from mooring.inventory.inventory import Inventory
from mooring.source import Unsafe


class Oracle:
    """What ansible-core reads from some sources."""

    def __init__(self, sources: list[str], playbooks: Path | None = None) -> None:
        from ansible.inventory.manager import InventoryManager
        from ansible.parsing.dataloader import DataLoader
        from ansible.plugins.loader import init_plugin_loader
        from ansible.utils.collection_loader import AnsibleCollectionConfig
        from ansible.vars.manager import VariableManager

        if AnsibleCollectionConfig.collection_finder is None:
            init_plugin_loader([])
        loader = DataLoader()
        if playbooks is not None:
            loader.set_basedir(str(playbooks))
        self.inventory = InventoryManager(loader=loader, sources=sources)
        self.variables = VariableManager(loader=loader, inventory=self.inventory)
        self.variables.safe_basedir = playbooks is not None
        assert len(self.inventory._inventory.processed_sources) >= 1, "ansible-core reads none of it"

    def vars(self, host: Any) -> dict[str, Any]:
        """What ansible-inventory lists of a host."""
        from ansible.cli.inventory import InventoryCLI

        values = self.variables.get_vars(host=host, include_hostvars=False)
        return InventoryCLI._remove_internal(values)


def typed(value: Any) -> Any:
    """A value with its types all the way down; of strings also whether they are templates, where
    they could be."""
    if isinstance(value, dict):
        return {"mapping": {typed(key): typed(child) for key, child in value.items()}}
    if isinstance(value, (list, tuple)):
        return [typed(child) for child in value]
    if isinstance(value, str):
        return "text", str(value), "{{" in value and is_template(value)
    for kind in (bool, int, float, datetime.datetime, datetime.date):
        if isinstance(value, kind):
            return kind.__name__, repr(kind(value)) if kind in (bool, int, float) else str(value)
    assert value is None, type(value)
    return None


def is_template(value: str) -> bool:
    from ansible._internal._datatag._tags import TrustedAsTemplate

    is_ours = type(value).__module__.startswith("mooring.")
    return not isinstance(value, Unsafe) if is_ours else TrustedAsTemplate.is_tagged_on(value)


def assert_alike(inventory: Inventory, oracle: Oracle) -> None:
    groups = oracle.inventory.groups
    assert list(inventory.groups) == list(groups)
    assert list(inventory.hosts) == list(oracle.inventory.hosts)
    for name, group in inventory.groups.items():
        expected = groups[name]
        assert list(group.hosts) == [host.name for host in expected.hosts], name
        assert list(group.children) == [child.name for child in expected.child_groups], name
        assert inventory.members(name) == [host.name for host in expected.get_hosts()], name
        assert (group.depth, group.priority) == (expected.depth, expected.priority), name
        # Of a host that is called like a group, ansible-core notes its file in the group.
        values = {key: value for key, value in expected.vars.items() if key not in ("inventory_file", "inventory_dir")}
        assert typed(dict(group.vars)) == typed(values), name
    for name, host in inventory.hosts.items():
        expected = oracle.inventory.hosts[name]
        assert list(host.group_names) == expected.get_magic_vars()["group_names"], name
        merged: dict[str, Any] = {}
        for layer in inventory.layers(host):
            merged.update(layer)
        assert typed(merged) == typed(oracle.vars(expected)), name
        if host.source is not None and name not in groups:
            assert (host.source, host.directory) == (expected.vars["inventory_file"], expected.vars["inventory_dir"])
