"""The bridge to pytest: hands the connected fleet to the checks, and takes their results."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from mooring.errors import HostUnreachable, MooringError
from mooring.records.report import Report
from mooring.records.verification import CHECK, Check, Summary
from mooring.registry.addresses import ServerAddresses
from mooring.registry.transport import Endpoint
from mooring.verification.findings import Finding, Wrong
from mooring.verification.fleet import Fleet
from mooring.verification.member import Member
from mooring.verification.trial import Trial

NAME = "mooring"


class Verification:
    """Registered with pytest under NAME; fixtures.py asks it for hosts and for the proof."""

    def __init__(self, fleet: Fleet, trial: Trial | None, summary: Summary, report: Report) -> None:
        self.fleet, self.trial = fleet, trial
        self._summary, self._report = summary, report
        self._begun, self._total = 0, 0

    def server_addresses(self, member: Member) -> ServerAddresses:
        """The addresses of the server that this host is, or that this client uses."""
        servers = self.fleet.server_variables
        return ServerAddresses.of(servers.get(member.name) or next(iter(servers.values())))

    def endpoints(self, member: Member) -> list[Endpoint]:
        """Every way into a server; none where its variables know none, which is told."""
        try:
            return self.server_addresses(member).endpoints()
        except MooringError as error:
            problem = f"{member.name}: {error}"
            self._summary.errors += [] if problem in self._summary.errors else [problem]
            return []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "call" or not report.passed:
            self._take(item, call, report)
        return report

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._begun += 1
        where = f"{host}: " if (host := _host(item)) else ""
        self._report.show_step(f"checks {self._begun}/{self._total}: {where}{_title(item)}")
        if "member" in _params(item) and _host(item) in self._summary.unreachable:
            pytest.skip("the host was lost")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._total = len(session.items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._summary.errors.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_internalerror(self, excrepr: Any) -> None:
        self._summary.errors.append(str(excrepr))

    def _take(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
        """Turn pytest's report of one check of one host into ours; checks of no host are
        pytest's own notes."""
        host = _host(item)
        if host is None:
            if report.failed:
                self._summary.errors.append(f"{item.name}: {report.longreprtext}")
            return
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, HostUnreachable):
            self._summary.unreachable[host] = str(error)
        finding = _finding(error, report) if report.failed else None
        is_pull = "pull" in _params(item)
        is_explained = finding is not None and not self._summary.causes.take(host, finding, is_pull)
        check = Check(host, _title(item), report.outcome, finding, report.duration, is_explained)
        self._summary.checks.append(check)
        self._report.show_check(check)


def _params(item: pytest.Item) -> dict[str, Any]:
    """What the item is about: pytest leaves out the whole of it where no host is meant."""
    params: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    return params


def _host(item: pytest.Item) -> str | None:
    """The host that the item checks."""
    params = _params(item)
    member = params.get("member")
    return member.name if isinstance(member, Member) else params.get("host_name")


def _finding(error: BaseException | None, report: pytest.TestReport) -> Finding:
    if isinstance(error, Wrong):
        return error.finding
    lines = str(error).strip().splitlines() if error else []
    return Finding(CHECK, lines[0] if lines else report.longreprtext)


def _title(item: pytest.Item) -> str:
    """The check in words: the first line of its docstring, and what it is about besides the
    host."""
    function = getattr(item, "function", None)
    words = (function.__doc__ or item.name).strip().splitlines()[0].rstrip(".")
    params = {name: value for name, value in _params(item).items() if name not in ("member", "host_name")}
    about = [str(getattr(value, "label", value)) for value in params.values()]
    return f"{words} [{', '.join(about)}]" if about else words
