"""Which tasks --tags and --skip-tags choose, with Ansible's special words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class TagChoice:
    """The tags that are asked for; with none, all tasks but those tagged `never`."""

    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()

    def selects(self, tags: Collection[str]) -> bool:
        """Whether a task with these tags runs."""
        return self._is_wanted(set(tags)) and not self._is_skipped(set(tags))

    def _is_wanted(self, tags: set[str]) -> bool:
        only = self.only or {"all"}
        if tags & (only | {"always"}):
            return True
        if "untagged" in only and not tags:
            return True
        return "never" not in tags and ("all" in only or ("tagged" in only and bool(tags)))

    def _is_skipped(self, tags: set[str]) -> bool:
        if "all" in self.skip:
            return "always" not in tags or "always" in self.skip
        if "tagged" in self.skip and tags:
            return True
        return bool(tags & self.skip) or ("untagged" in self.skip and not tags)
