"""A verification on the screen, or as JSON."""

from __future__ import annotations

import json
import sys
from typing import TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

from mooring.verification.report import Report
from mooring.verification.summary import Check, Summary

STYLES = {
    "ok": "green",
    "passed": "green",
    "failed": "bold red",
    "unreachable": "bold red",
    "skipped": "cyan",
}


def make_report(as_json: bool, verbose: bool, stream: TextIO | None = None) -> Report:
    """The report that the options ask for."""
    stream = stream or sys.stdout
    return JsonReport(stream) if as_json else ScreenReport(stream, verbose)


class JsonReport:
    """Nothing but one JSON document, at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show_step(self, text: str) -> None:
        pass

    def show_warning(self, text: str) -> None:
        """Beside the document, so that it stays one."""
        print(f"WARNING: {text}", file=sys.stderr, flush=True)

    def show_check(self, check: Check) -> None:
        pass

    def show_summary(self, summary: Summary) -> None:
        json.dump(summary.as_dict(), self._stream, indent=2)
        self._stream.write("\n")

    def close(self) -> None:
        self._stream.flush()


class ScreenReport:
    """Failures as they come, all checks where asked, then the hosts and the table host x route."""

    def __init__(self, stream: TextIO, verbose: bool) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._verbose = verbose
        self._status: Status | None = None
        if self._console.is_terminal:
            self._status = self._console.status("")
            self._status.start()

    def show_step(self, text: str) -> None:
        if self._status is not None:
            self._status.update(Text(text))

    def show_warning(self, text: str) -> None:
        self._console.print(Text(f"WARNING: {text}", "magenta"))
        self._console.file.flush()

    def show_check(self, check: Check) -> None:
        if check.outcome == "failed" or self._verbose:
            line = Text.assemble((f"{check.outcome:<8}", STYLES[check.outcome]), f"{check.host}: {check.title}")
            self._console.print(line)
        if check.finding:
            self._console.print(Text(f"        {check.finding.layer}: {check.finding.message}"))
            if check.finding.remedy:
                self._console.print(Text(f"        remedy: {check.finding.remedy}", "cyan"))

    def show_summary(self, summary: Summary) -> None:
        self.close()
        self._show_hosts(summary)
        self._show_routes(summary)
        for name, reason in summary.unreachable.items():
            if name in summary.hosts:
                continue  # told already, as a failed check of that host
            self._console.print(Text(f"unreachable {name}: {reason}", "bold red"))
        for line in summary.errors:
            self._console.print(Text(line, "bold red"))
        if summary.is_interrupted:
            self._console.print(Text("interrupted: not all checks were made", "bold red"))
        if summary.left_behind:
            self._console.print(Text("left behind, please remove by hand:", "bold red"))
            for line in summary.left_behind:
                self._console.print(Text(f"  {line}"))

    def close(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _show_hosts(self, summary: Summary) -> None:
        rows = []
        for host in summary.hosts:
            counts = summary.counts(host)
            words = [f"{outcome}={counts[outcome]}" for outcome in ("passed", "failed", "skipped")]
            rows.append([host, summary.status(host), *words])
        self._show_table(["host", "status", "", "", ""], rows)

    def _show_routes(self, summary: Summary) -> None:
        columns = summary.columns()
        if not columns:
            return
        rows = []
        for host, routes in summary.routes.items():
            cells = [routes.get(column) for column in columns]
            words = ["-" if not cell else f"failed: {cell.finding.layer}" if cell.finding else "ok" for cell in cells]
            rows.append([host, *words])
        self._show_table(["pulls through the registry by", *columns], rows)

    def _show_table(self, header: list[str], rows: list[list[str]]) -> None:
        """Columns as wide as their widest cell; a cell's first word gives its colour."""
        widths = [max(len(row[at]) for row in [header, *rows]) for at in range(len(header))]
        self._console.print()
        title = "  ".join(cell.ljust(width) for cell, width in zip(header, widths, strict=True))
        self._console.print(Text(title.rstrip(), "bold"))
        for row in rows:
            line = Text()
            for cell, width in zip(row, widths, strict=True):
                line.append(cell.ljust(width) + "  ", STYLES.get(cell.partition(":")[0], ""))
            line.rstrip()
            self._console.print(line)
