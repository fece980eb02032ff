"""The registry's names in a host's /etc/hosts: whether they are still there, and
the first to speak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PATH = "/etc/hosts"


def place(variables: Mapping[str, Any]) -> str:
    """Which file it is on that host."""
    return str(variables.get("hosts_file_path") or PATH)


def missing(text: str | None, variables: Mapping[str, Any]) -> Iterator[str]:
    """The lines that the role hosts_file is to see to, "address name", and that do
    not hold in the file."""
    address = str(variables.get("hosts_file_address") or "")
    for name in map(str, variables.get("hosts_file_names") or ()):
        if first_address(text or "", name, ":" in address) != address:
            yield f"{address} {name}"


def first_address(text: str, name: str, is_ipv6: bool) -> str:
    """The address that the file gives a name: the first line of the family counts; ""
    where there is none."""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if name.lower() in [word.lower() for word in words[1:]] and (":" in words[0]) is is_ipv6:
            return words[0]
    return ""
