"""What a verification found: per host the checks and the routes, and what could not be cleaned
up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mooring.records.causes import Causes, Finding

INTERRUPTED = 130
CHECK = "check"  # the layer of a failed check that names none


@dataclass(frozen=True)
class Check:
    """One check of one host; a finding says what is wrong, None that it passed or
    was not looked at."""

    host: str
    title: str
    outcome: str
    finding: Finding | None = None
    seconds: float = 0.0
    is_explained: bool = False  # by an earlier failure, which was told already


@dataclass(frozen=True)
class RouteResult:
    """One cell of the table: a pull on a host by a route; `address` is the one nginx saw."""

    reference: str
    digest: str
    address: str
    finding: Finding | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "status": "failed" if self.finding else "ok",
            "reference": self.reference,
            "digest": self.digest,
            "address": self.address,
            **({"failure": self.finding.as_dict()} if self.finding else {}),
        }


@dataclass
class Summary:
    """The whole result, grown check by check."""

    hosts: tuple[str, ...] = ()
    checks: list[Check] = field(default_factory=list)
    routes: dict[str, dict[str, RouteResult]] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    is_interrupted: bool = field(default=False, init=False)
    causes: Causes = field(default_factory=Causes, init=False)

    def of(self, host: str) -> list[Check]:
        return [check for check in self.checks if check.host == host]

    def counts(self, host: str) -> dict[str, int]:
        """How many checks passed, failed and were skipped."""
        outcomes = [check.outcome for check in self.of(host)]
        return {outcome: outcomes.count(outcome) for outcome in ("passed", "failed", "skipped")}

    def status(self, host: str) -> str:
        if host in self.unreachable:
            return "unreachable"
        return "failed" if self.counts(host)["failed"] else "ok"

    def columns(self) -> list[str]:
        """The routes of the table, in the order in which they first come up."""
        return list({label: None for routes in self.routes.values() for label in routes})

    def exit_status(self) -> int:
        """130 after Ctrl-C, 4 where a host was unreachable, 2 where a check failed or something
        stayed, else 0."""
        if self.is_interrupted:
            return INTERRUPTED
        if self.unreachable:
            return 4
        failed = any(check.outcome == "failed" for check in self.checks)
        return 2 if failed or self.left_behind or self.errors else 0

    def pulls(self) -> tuple[int, int]:
        """How many pulls of the proof are good, and how many there are."""
        cells = [cell for routes in self.routes.values() for cell in routes.values()]
        return sum(cell.finding is None for cell in cells), len(cells)

    def verdict(self) -> str:
        """The whole of it in one line; of several causes the first has it by name."""
        good, pulls = self.pulls()
        count = f", pulls {good}/{pulls}" if pulls else ""
        failed = sum(check.outcome == "failed" for check in self.checks)
        if not self.exit_status():
            return f"all is well: {_count(len(self.hosts), 'host')}, {_count(len(self.checks), 'check')}{count}"
        word = "INTERRUPTED" if self.is_interrupted else "FAILED"
        parts = [_count(len(self.causes.all), "cause")] if self.causes.all else []
        hosts = {check.host for check in self.checks if check.outcome == "failed"}
        about = f"on {len(hosts)} of {_count(len(self.hosts), 'host')}"
        parts += [f"{failed} of {_count(len(self.checks), 'check')} {about}"] if failed else []
        parts += [f"{_count(len(self.unreachable), 'host')} unreachable"] if self.unreachable else []
        parts += ["not all is removed"] if self.left_behind else []
        reasons = [str(cause.finding) for cause in self.causes.all] or self.errors
        reason = f": {' '.join(reasons[0].split())}" if reasons else ""
        return f"{word}: {', '.join(parts) or 'not all was checked'}{count}{reason}"

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON has it."""
        good, pulls = self.pulls()
        return {
            "verdict": self.verdict(),
            "causes": [cause.as_dict() for cause in self.causes.all],
            "pulls": {"good": good, "all": pulls},
            "hosts": {host: self._host(host) for host in self.hosts},
            "left_behind": self.left_behind,
            "errors": self.errors,
            "exit_status": self.exit_status(),
        }

    def _host(self, host: str) -> dict[str, Any]:
        failures = [{"check": check.title, **check.finding.as_dict()} for check in self.of(host) if check.finding]
        entry: dict[str, Any] = {
            "status": self.status(host),
            "checks": self.counts(host),
            "failures": failures,
            "routes": {label: cell.as_dict() for label, cell in self.routes.get(host, {}).items()},
        }
        if host in self.unreachable:
            entry["reason"] = self.unreachable[host]
        return entry


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
