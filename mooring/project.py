"""The operator's directory, and what Mooring brings; of two things of one name the directory's
comes first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).parent
_IN_WHEEL = _PACKAGE / "shipped"
# The playbooks, roles and checks that Mooring brings stand at the top of a clone; a wheel has them
# in the package.
SHIPPED = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parent
INVENTORY = "inventory.yml"


@dataclass(frozen=True)
class Project:
    """The directory that holds tasks.py: a clone of Mooring, or one of the operator's own, as
    `invoke init` makes it.

    `root` is relative (and empty) where it is the working directory, so that messages name files as
    one types them. `roles_path` is what ansible.cfg says.
    """

    root: Path = Path()
    roles_path: tuple[Path, ...] = ()

    @property
    def inventory(self) -> Path:
        """The inventory where no other is named."""
        return self.root / INVENTORY

    @property
    def roles(self) -> tuple[Path, ...]:
        """Where any playbook's roles are looked for behind the folders beside the playbook
        itself."""
        return (self.root / "roles", *self.roles_path, SHIPPED / "roles")

    def name_of(self, inventory: str) -> str:
        """One name for an inventory, from wherever it is named: its place in the project,
        else its whole path.

        A list of hosts is its own name.
        """
        if not inventory or not os.path.exists(inventory):
            return inventory
        place, root = Path(inventory).resolve(), self.root.resolve()
        return str(place.relative_to(root) if place.is_relative_to(root) else place)

    def playbook(self, name: str) -> Path:
        """The file of a playbook that a task runs: the directory's own, else Mooring's."""
        own = self.root / "playbooks" / name
        return own if own.exists() else SHIPPED / "playbooks" / name

    def imported(self, name: str, by: Path) -> Path:
        """The playbook that one names: beside it, which for Mooring's means the directory's own;
        else Mooring's."""
        places = (self.folder_of(by), by.parent, SHIPPED / "playbooks")
        return next((place / name for place in places if (place / name).is_file()), places[0] / name)

    def folder_of(self, playbook: Path) -> Path:
        """The folder in which a playbook counts as standing; Mooring's count as standing in the
        directory's playbooks/.

        So its files/, roles/ and group_vars/ are found as they are for a playbook of
        the operator's own.
        """
        is_shipped = playbook.parent.resolve() == (SHIPPED / "playbooks").resolve()
        return self.root / "playbooks" if is_shipped else playbook.parent

    def checks(self) -> Iterator[Path]:
        """The folders with checks for `verify`: Mooring's, then the directory's own."""
        yield SHIPPED / "tests" / "hosts"
        own = self.root / "tests" / "hosts"
        if own.is_dir() and own.resolve() != (SHIPPED / "tests" / "hosts").resolve():
            yield own.resolve()
