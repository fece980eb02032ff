"""Hosts given as `web1,web2:2222,` instead of a file."""

from __future__ import annotations

import os

from mooring.errors import UsageError
from mooring.inventory import patterns
from mooring.inventory.draft import Draft


def is_list(source: str) -> bool:
    """Whether a source is a list of hosts: it has a comma, and no file is called so."""
    return "," in source and not os.path.exists(source)


def read_list(text: str, draft: Draft) -> None:
    """Add the hosts; those that another source has are known already."""
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, port = patterns.split_port(word)
        if "[" in name:
            raise UsageError(f"{word} is a range: these need an inventory file")
        try:
            if name not in draft.hosts:
                draft.add_host(name, port, draft.groups["ungrouped"], {})
        except patterns.PatternError as error:
            raise UsageError(str(error)) from None
