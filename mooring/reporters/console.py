"""The run for people: on a terminal with colour and a live foot, elsewhere the same as plain lines.

Hosts run at their own pace, so lines of different tasks mix: a heading is printed when the first
line under it comes, and again when another task's lines came between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TextIO

from mooring.reporters import visible, wording
from mooring.reporters.live import Activity, ProgressLines, StatusLine
from mooring.reporters.return_texts import show_values
from mooring.reporters.screen import Flood, Screen
from mooring.results import (
    Event,
    ItemFinished,
    Outcome,
    PlayStarted,
    Progress,
    Recap,
    Result,
    RunFinished,
    Silence,
    TaskFinished,
    TaskStarted,
    Warned,
)

STYLES = {
    Outcome.OK: "green",
    Outcome.CHANGED: "yellow",
    Outcome.SKIPPED: "cyan",
    Outcome.FAILED: "red",
    Outcome.UNREACHABLE: "bright_red",
    Outcome.RESCUED: "yellow",
    Outcome.IGNORED: "bright_blue",
}
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
WARNING_STYLE = "bright_magenta"
# Of one host: warnings of a run, items of a task.
WARNINGS, ITEMS = 50, 1000


class Console:
    """Draws on `stream`; `verbose` shows ok and skipped too, and return values;
    `diff` shows changes.

    A `verbose` of -1 shows failures, warnings and the recap alone.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        verbose: int = 0,
        diff: bool = False,
        clock: Callable[[], float] = time.monotonic,
        screen: Screen | None = None,
    ) -> None:
        self.verbose, self.diff = max(0, verbose), diff
        self.screen = screen or Screen(stream, self.verbose)
        self.activity = Activity(clock)
        self.progress_lines = ProgressLines(clock)
        self.is_quiet = verbose < 0
        has_foot = self.screen.is_terminal and not self.is_quiet
        self.status = StatusLine(self.screen, self.activity) if has_foot else None
        self.kinds: dict[str, str] = {}
        self.heading = ""
        self.warned: set[str] = set()
        self.with_items: set[str] = set()
        more = 10 if self.verbose else 1
        self.warnings, self.items = Flood(WARNINGS * more), Flood(ITEMS * more)

    def handle(self, event: Event) -> None:
        """Draw one event."""
        match event:
            case PlayStarted():
                self._play(event)
            case TaskStarted():
                self.kinds[event.host] = event.kind
                self.activity.begin(event.host, event.task)
                if self.status:
                    self.status.start()
            case ItemFinished(result):
                self.with_items.add(result.host)
                self._item(result)
            case TaskFinished(result):
                self.activity.end(result.host)
                self._task(result)
            case Progress():
                self._progress(event)
            case Silence(host, seconds):
                self.activity.fall_silent(host, seconds)
            case Warned(message, host):
                self._warn(message, host or "")
            case RunFinished():
                self.close()
                self._end(event)

    def close(self) -> None:
        """Take the live part away."""
        if self.status:
            self.status.stop()

    # --- events ---

    def _play(self, play: PlayStarted) -> None:
        if self.is_quiet:
            return
        self.heading = ""
        self._write_heading(wording.heading("PLAY", play.name + (" (check mode)" if play.check else "")))
        if not play.hosts:
            self.screen.write("skipping: no hosts matched", "cyan")

    def _item(self, result: Result) -> None:
        if not self._is_worth_a_line(result) or self.items.admits(result.host):
            self._result(result)

    def _task(self, result: Result) -> None:
        had_items = result.host in self.with_items
        self.with_items.discard(result.host)
        left = self.items.end(result.host)
        if left:
            self._head(result)
            self.screen.write(f"{visible.INDENT}... {left} items of {result.host} left out")
        if wording.is_loop(result) and had_items and not wording.is_failure(result):
            return
        self._result(result, has_diff=not had_items)

    def _result(self, result: Result, has_diff: bool = True) -> None:
        if not self._is_worth_a_line(result):
            return
        self._head(result)
        for line in self._lines(result):
            self.screen.write_pieces(line, style=STYLES[result.outcome])
        if self.diff and has_diff:
            self._diff(result)

    def _is_worth_a_line(self, result: Result) -> bool:
        if self.is_quiet:
            return result.outcome in (Outcome.FAILED, Outcome.UNREACHABLE)
        if result.outcome in (Outcome.OK, Outcome.SKIPPED):
            return self.verbose >= 1 or bool(result.values.get("_shown") and not wording.is_loop(result))
        return True

    def _head(self, result: Result) -> None:
        """The task's heading, unless the last line was under it already."""
        word = "RUNNING HANDLER" if self.kinds.get(result.host) == "handler" else "TASK"
        heading = wording.heading(word, result.task)
        key = f"{heading}{result.where}"
        if key != self.heading:
            self.heading = key
            self._write_heading(heading)

    def _lines(self, result: Result) -> Iterator[str]:
        """The result's lines, each one line of the screen: the first says all where that
        suffices."""
        says = wording.message(result) if self._shows_message(result) else ""
        first, *more = visible.lines(says.strip()) or [""]
        yield f"{wording.title(result)} => {first}" if first else wording.title(result)
        yield from self.screen.cut(f"    {line}" for line in more)
        if wording.is_failure(result):
            yield from (f"    {line}" for line in wording.output_tail(result))
            yield from self._traceback(result)
            if result.item is None and wording.place(result):
                yield f"    at {wording.place(result)}"
        if self.verbose >= 1 and not wording.is_loop(result):
            yield from self.screen.cut(f"    {line}" for line in show_values(wording.values(result)))

    def _shows_message(self, result: Result) -> bool:
        if wording.is_failure(result) or result.values.get("_shown"):
            return True
        return result.outcome is Outcome.SKIPPED or self.verbose >= 1

    def _traceback(self, result: Result) -> Iterator[str]:
        if not result.traceback or result.no_log:
            return
        if self.verbose:
            yield from self.screen.cut(f"    {line}" for line in visible.lines(result.traceback.rstrip()))
        else:
            yield "    (-v shows the traceback)"

    def _diff(self, result: Result) -> None:
        """Each line begins with the diff's own sign, the names of files included."""
        for line in self.screen.cut(wording.diffs(result)):
            style = "bold" if line[:3] in ("---", "+++") else DIFF_STYLES.get(line[:1], "")
            self.screen.write_pieces((line, style))

    def _progress(self, event: Progress) -> None:
        if self.is_quiet:
            return
        self.activity.transfer(event)
        line = None if self.status else self.progress_lines.line(event)
        if line:
            self.screen.write_pieces(line)

    def _warn(self, message: str, host: str) -> None:
        """Each warning once: a loop or many tasks may have the same one."""
        text = f"[WARNING]: {f'[{host}] ' if host else ''}{message}"
        if text not in self.warned and self.warnings.admits(host):
            self.warned.add(text)
            self.screen.write(text, WARNING_STYLE)

    def _end(self, event: RunFinished) -> None:
        for host in self.warnings.names():
            left = self.warnings.end(host)
            if left:
                about = f"[{host}] " if host else ""
                self.screen.write(f"[WARNING]: {about}... {left} warnings left out", WARNING_STYLE)
        if event.interrupted:
            self.screen.write()
            self.screen.write("interrupted: the run was stopped before its end; this is what was done", "red")
        if not self.is_quiet or self.heading:
            self._write_heading(wording.heading("PLAY RECAP", ""))
        for host, line in self._recap(event.recap):
            self.screen.write_pieces(line, style=recap_style(event.recap, host))
        if event.remainder:
            self.screen.write()
            for line in wording.remainder(event.remainder):
                self.screen.write_pieces(line, style=WARNING_STYLE)

    def _recap(self, recap: Recap) -> Iterator[tuple[str, str]]:
        if not self.verbose:
            return wording.recap_groups(recap)
        return ((host, wording.recap_row(recap, host)) for host in sorted(recap.counts))

    def _write_heading(self, heading: str) -> None:
        self.screen.write()
        self.screen.write_pieces(heading, style="bold")


def recap_style(recap: Recap, host: str) -> str:
    """Red for a host in trouble, yellow for a changed one, green for the others."""
    row = recap.counts[host]
    if row["failed"] or row["unreachable"]:
        return "red"
    return "yellow" if row["changed"] else "green"
