"""A verification on the screen, or as JSON."""

from __future__ import annotations

from typing import TextIO

from mooring.records.report import Report
from mooring.records.verification import Check, Summary
from mooring.reporters.last_words import write_beside
from mooring.reporters.live import Spinner
from mooring.reporters.screen import Screen, write_json

MOST_HOSTS = 5
OUTCOMES = ("passed", "failed", "skipped")
STYLES = {
    "ok": "green",
    "passed": "green",
    "failed": "bold red",
    "unreachable": "bold red",
    "skipped": "cyan",
}


def make_report(as_json: bool, verbose: int, stream: TextIO | None = None, log: TextIO | None = None) -> Report:
    """The report that the options ask for; a `verbose` of -1 leaves the tables of
    hosts and routes out."""
    if as_json:
        # Its warnings go to standard error, which the log has as well.
        report: Report = JsonReport(stream)
        return Reports(report, QuietReport(log, max(0, verbose))) if log else report
    report = ScreenReport(stream, verbose)
    return Reports(report, ScreenReport(log, max(0, verbose))) if log else report


class Reports:
    """Several reports of one verification, such as the screen's and the log file's."""

    def __init__(self, *reports: Report) -> None:
        self._reports = reports

    def show_step(self, text: str) -> None:
        for report in self._reports:
            report.show_step(text)

    def show_warning(self, text: str) -> None:
        for report in self._reports:
            report.show_warning(text)

    def show_check(self, check: Check) -> None:
        for report in self._reports:
            report.show_check(check)

    def show_summary(self, summary: Summary) -> None:
        for report in self._reports:
            report.show_summary(summary)

    def close(self) -> None:
        for report in self._reports:
            report.close()


class JsonReport:
    """Nothing but one JSON document, at the end."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def show_step(self, text: str) -> None:
        pass

    def show_warning(self, text: str) -> None:
        """Beside the document, so that it stays one."""
        write_beside(f"WARNING: {text}")

    def show_check(self, check: Check) -> None:
        pass

    def show_summary(self, summary: Summary) -> None:
        write_json(summary.as_dict(), self._stream)

    def close(self) -> None:
        pass


class ScreenReport:
    """Failures as they come, all checks where asked, then the hosts and the table host x route."""

    def __init__(self, stream: TextIO | None, verbose: int) -> None:
        self._screen = Screen(stream, max(0, verbose))
        self._verbose, self._is_quiet = verbose > 0, verbose < 0
        self._spinner = Spinner(self._screen) if self._screen.is_terminal and not self._is_quiet else None

    def show_step(self, text: str) -> None:
        if self._spinner is not None:
            self._spinner.update(text)

    def show_warning(self, text: str) -> None:
        self._screen.write(f"WARNING: {text}", "magenta")
        self._screen.stream.flush()

    def show_check(self, check: Check) -> None:
        if check.is_explained and not self._verbose:
            return
        if check.outcome == "failed" or self._verbose:
            outcome = (f"{check.outcome:<8}", STYLES[check.outcome])
            self._screen.write_pieces(outcome, f"{check.host}: {check.title}")
        if check.finding:
            self._screen.write(f"        {check.finding.layer}: {check.finding.message}")
            if check.finding.remedy:
                self._screen.write_remedy(check.finding.remedy, "        ", "cyan")

    def show_summary(self, summary: Summary) -> None:
        self.close()
        if not self._is_quiet:
            self._show_hosts(summary)
            self._show_routes(summary)
        self._show_causes(summary)
        for name, reason in summary.unreachable.items():
            if name in summary.hosts:
                continue  # told already, as a failed check of that host
            self._screen.write(f"unreachable {name}: {reason}", "bold red")
        for text in summary.errors:
            self._screen.write(f"error: {text}", "bold red")
        if summary.is_interrupted:
            self._screen.write("interrupted: not all checks were made", "bold red")
        if summary.left_behind:
            self._screen.write("left behind, please remove by hand:", "bold red")
            with self._screen.section():
                for text in summary.left_behind:
                    self._screen.write(f"  {text}")
        if not self._is_quiet:
            self._screen.write()
        self._screen.write(summary.verdict(), STYLES["failed" if summary.exit_status() else "ok"])

    def close(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None

    def _show_hosts(self, summary: Summary) -> None:
        rows = []
        for host in summary.hosts:
            counts = summary.counts(host)
            rows.append([host, summary.status(host), *(str(counts[outcome]) for outcome in OUTCOMES)])
        self._show_table(["host", "status", *OUTCOMES], rows)

    def _show_causes(self, summary: Summary) -> None:
        """How far each cause reaches that failed more than the check that was told."""
        wide = [cause for cause in summary.causes.all if cause.checks > 1]
        if len(summary.causes.all) < 2:
            return  # the verdict says it
        if wide:
            self._screen.write()
        for cause in wide:
            hosts = ", ".join([*list(cause.hosts)[:MOST_HOSTS], *(["…"] if len(cause.hosts) > MOST_HOSTS else [])])
            about = f"{cause.checks} failed checks, {len(cause.hosts)} of {len(summary.hosts)} hosts ({hosts})"
            self._screen.write(f"{about}: {cause.finding}")

    def _show_routes(self, summary: Summary) -> None:
        columns = summary.columns()
        if not columns:
            return
        rows = []
        for host, routes in summary.routes.items():
            cells = [routes.get(column) for column in columns]
            words = ["-" if not cell else f"failed: {cell.finding.layer}" if cell.finding else "ok" for cell in cells]
            rows.append([host, *words])
        self._show_table(["pulls by", *columns], rows)

    def _show_table(self, header: list[str], rows: list[list[str]]) -> None:
        """A cell's first word gives its colour."""
        self._screen.write()
        self._screen.write_table(
            header, [[(cell, STYLES.get(cell.partition(":")[0], "")) for cell in row] for row in rows]
        )


class QuietReport(ScreenReport):
    """A report without warnings, which the same stream gets by another way."""

    def show_warning(self, text: str) -> None:
        pass
