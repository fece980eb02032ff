"""How a run is to go; what the command line says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from mooring.playbook.tags import TagChoice


@dataclass(frozen=True)
class Options:
    """How a run is to go; what the command line says."""

    check: bool = False
    diff: bool = False
    forks: int = 50
    tags: TagChoice = field(default_factory=TagChoice)
    extra_vars: Mapping[str, Any] = field(default_factory=dict)
    limit: str | None = None
    _: KW_ONLY
    verbosity: int = 0
    become: bool = False
    become_user: str = ""
