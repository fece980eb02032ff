"""The run for people: on a terminal with colour and a live foot, elsewhere the same as plain lines.

Hosts run at their own pace, so lines of different tasks mix: a heading is printed when the first line under it comes,
and again when another task's lines came between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TextIO

from rich.console import Console as Terminal
from rich.text import Text

from mooring.reporters import wording
from mooring.reporters.live import Activity, ProgressLines, StatusLine
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


class Console:
    """Draws on `stream`; `verbose` shows ok and skipped too, and return values; `diff` shows changes."""

    def __init__(
        self,
        stream: TextIO,
        verbose: int = 0,
        diff: bool = False,
        clock: Callable[[], float] = time.monotonic,
        terminal: Terminal | None = None,
    ) -> None:
        self.verbose, self.diff = verbose, diff
        self.terminal = terminal or Terminal(file=stream, highlight=False, markup=False, emoji=False)
        self.activity = Activity(clock)
        self.progress_lines = ProgressLines(clock)
        self.status = StatusLine(self.terminal, self.activity) if self.terminal.is_terminal else None
        self.kinds: dict[str, str] = {}
        self.heading = ""
        self.warned: set[str] = set()
        self.with_items: set[str] = set()

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
                self._result(result)
            case TaskFinished(result):
                self.activity.end(result.host)
                self._task(result)
            case Progress():
                self._progress(event)
            case Silence(host, seconds):
                self.activity.fall_silent(host, seconds)
            case Warned(message, host):
                self._warn(f"[WARNING]: {f'[{host}] ' if host else ''}{message}")
            case RunFinished():
                self.close()
                self._end(event)

    def close(self) -> None:
        """Take the live part away."""
        if self.status:
            self.status.stop()

    # --- events ---

    def _play(self, play: PlayStarted) -> None:
        self.heading = ""
        self._write("\n" + wording.heading("PLAY", play.name + (" (check mode)" if play.check else "")), "bold")
        if not play.hosts:
            self._write("skipping: no hosts matched", "cyan")

    def _task(self, result: Result) -> None:
        had_items = result.host in self.with_items
        self.with_items.discard(result.host)
        if wording.is_loop(result) and had_items and not wording.is_failure(result):
            return
        self._result(result, has_diff=not had_items)

    def _result(self, result: Result, has_diff: bool = True) -> None:
        if not self._is_worth_a_line(result):
            return
        self._head(result)
        self._write("\n".join(self._lines(result)), STYLES[result.outcome])
        if self.diff and has_diff:
            self._diff(result)

    def _is_worth_a_line(self, result: Result) -> bool:
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
            self._write("\n" + heading, "bold")

    def _lines(self, result: Result) -> Iterator[str]:
        """The result's lines: the first says all where that suffices."""
        says = wording.message(result) if self._shows_message(result) else ""
        first, *more = says.strip().splitlines() or [""]
        yield f"{wording.title(result)} => {first}" if first else wording.title(result)
        yield from (f"    {line}" for line in more)
        if wording.is_failure(result):
            yield from (f"    {line}" for line in wording.output_tail(result))
            yield from self._traceback(result)
            if result.item is None and wording.place(result):
                yield f"    at {wording.place(result)}"
        if self.verbose >= 1 and not wording.is_loop(result):
            yield f"    {wording.values_text(result)}"

    def _shows_message(self, result: Result) -> bool:
        if wording.is_failure(result) or result.values.get("_shown"):
            return True
        return result.outcome is Outcome.SKIPPED or self.verbose >= 1

    def _traceback(self, result: Result) -> Iterator[str]:
        if not result.traceback or result.no_log:
            return
        if self.verbose:
            yield from (f"    {line}" for line in result.traceback.rstrip().splitlines())
        else:
            yield "    (-v shows the traceback)"

    def _diff(self, result: Result) -> None:
        drawn = Text()
        for line in wording.diffs(result):
            style = "bold" if line[:3] in ("---", "+++") else DIFF_STYLES.get(line[:1], "")
            drawn.append(wording.printable(line, self.terminal.encoding) + "\n", style=style)
        self.terminal.print(drawn, soft_wrap=True, end="")

    def _progress(self, event: Progress) -> None:
        self.activity.transfer(event)
        line = None if self.status else self.progress_lines.line(event)
        if line:
            self._write(line)

    def _warn(self, text: str) -> None:
        """Each warning once: a loop or many tasks may have the same one."""
        if text not in self.warned:
            self.warned.add(text)
            self._write(text, WARNING_STYLE)

    def _end(self, event: RunFinished) -> None:
        if event.interrupted:
            self._write("\ninterrupted: the run was stopped before its end; this is what was done", "red")
        self._write("\n" + wording.heading("PLAY RECAP", ""), "bold")
        for host in sorted(event.recap.counts):
            self._write(wording.recap_row(event.recap, host), recap_style(event.recap, host))
        if event.remainder:
            self._write("\n" + wording.remainder(event.remainder), WARNING_STYLE)

    def _write(self, text: str, style: str = "") -> None:
        self.terminal.print(Text(wording.printable(text, self.terminal.encoding), style=style), soft_wrap=True)


def recap_style(recap: Recap, host: str) -> str:
    """Red for a host in trouble, yellow for a changed one, green for the others."""
    row = recap.counts[host]
    if row["failed"] or row["unreachable"]:
        return "red"
    return "yellow" if row["changed"] else "green"
