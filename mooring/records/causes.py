"""The failed checks by their root cause, so that one that fails everything is said once. Pure.

A check tells a cause of its own, unless an earlier failure explains it: the same sentence about
another host or another name, or a finding on the server at whose layers all clients must fail.
Checks come from the server outwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

# What differs between two sentences of one cause: names, addresses, marks of the proof, digests.
NAMES = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d{1,5})?|"
    r"proof-[0-9a-f]{12}(?:-\d+)?|sha256:[0-9a-f]{64}|"
    r"\b(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,63}\b(?::\d{1,5})?|(?<=://)[^\s/]{1,300}"
)

LONGEST = 2000


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; `layer` is where: a name of verification/findings.py.

    `explains` are the layers at which, by this, every later check fails as well.
    """

    layer: str
    message: str
    remedy: str = ""
    explains: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.layer}: {self.message}"

    def as_dict(self) -> dict[str, str]:
        return {"layer": self.layer, "message": self.message, "remedy": self.remedy}


@dataclass
class Cause:
    """One root cause: what is wrong, the hosts whose checks failed by it, and how many did."""

    finding: Finding
    host: str
    hosts: dict[str, None] = field(default_factory=dict)
    checks: int = 0

    def add(self, host: str) -> None:
        self.hosts[host] = None
        self.checks += 1

    def explains(self, host: str, finding: Finding, is_pull: bool) -> bool:
        """Whether this is why a later check failed too."""
        mine = self.finding
        if finding.layer in mine.explains or sentence(self.host, mine) == sentence(host, finding):
            return True
        # A pull fails for the same reason as the check of what it needs, in other words.
        return is_pull and host in self.hosts and mine.layer == finding.layer

    def as_dict(self) -> dict[str, Any]:
        return {**self.finding.as_dict(), "hosts": list(self.hosts), "checks": self.checks}


@dataclass
class Causes:
    """The causes so far, in the order in which they were seen."""

    all: list[Cause] = field(default_factory=list)

    def take(self, host: str, finding: Finding, is_pull: bool = False) -> bool:
        """Note a failure; whether it is a cause of its own."""
        for cause in self.all:
            if cause.explains(host, finding, is_pull):
                cause.add(host)
                return False
        self.all.append(Cause(finding, host))
        self.all[-1].add(host)
        return True


def sentence(host: str, finding: Finding) -> tuple[str, str]:
    """A finding without the names in it."""
    own = re.compile(rf"(?<![\w.-]){re.escape(host)}(?![\w-])")
    text = NAMES.sub("NAME", own.sub("NAME", finding.message[:LONGEST]))
    return finding.layer, text.replace("NAME/library/", "").replace("NAME/", "")
