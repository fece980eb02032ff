"""What the doctor finds: one rule on one host, whether it holds, what was seen, and
what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Verdict(Enum):
    """How a rule came out: it holds, it could not be looked at, it does harm, it breaks
    something."""

    HOLDS = "ok"
    UNKNOWN = "not checked"
    HARMS = "warning"
    BREAKS = "broken"


@dataclass(frozen=True)
class Finding:
    """`rule` names the rule, `places` are files with lines where to look."""

    rule: str
    verdict: Verdict
    seen: str
    remedy: str = ""
    places: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict.value, "places": list(self.places)}


@dataclass(frozen=True)
class Diagnosis:
    """A host's findings; `facts` is its configuration as plain data, `trouble` why it
    could not be looked at."""

    host: str
    findings: tuple[Finding, ...] = ()
    facts: dict[str, Any] | None = None
    trouble: str = ""
    is_unreachable: bool = False

    @property
    def is_broken(self) -> bool:
        return bool(self.trouble) or any(finding.verdict is Verdict.BREAKS for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "unreachable": self.is_unreachable,
            "trouble": self.trouble,
            "findings": [finding.as_dict() for finding in self.findings],
            **(self.facts or {}),
        }
