"""A sync on the screen, or as one JSON document."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TextIO

from mooring.records.sizes import format_size
from mooring.records.sync import State, SyncedImage, SyncReport, SyncStep, SyncSummary
from mooring.reporters.last_words import write_beside
from mooring.reporters.live import ProgressLines, Spinner, amount
from mooring.reporters.screen import Screen, write_json
from mooring.results import Progress

STYLES = {State.HELD: "green", State.COPIED: "yellow", State.TO_COPY: "yellow", State.LEFT: "magenta",
          State.FAILED: "bold red"}  # fmt: skip


def make_report(as_json: bool, verbose: int, log: TextIO | None = None) -> SyncReport:
    """The report that the options ask for; a `verbose` of -1 shows what is missing and
    the verdict alone."""
    screen: SyncReport = JsonReport() if as_json else ScreenReport(None, verbose)
    return Reports(screen, ScreenReport(log, max(0, verbose))) if log else screen


class Reports:
    """The screen's report and the log file's."""

    def __init__(self, *reports: SyncReport) -> None:
        self._reports = reports

    def show_step(self, step: SyncStep) -> None:
        for report in self._reports:
            report.show_step(step)

    def show_image(self, image: SyncedImage) -> None:
        for report in self._reports:
            report.show_image(image)

    def show_note(self, text: str) -> None:
        for report in self._reports:
            report.show_note(text)

    def show_summary(self, summary: SyncSummary) -> None:
        for report in self._reports:
            report.show_summary(summary)

    def close(self) -> None:
        for report in self._reports:
            report.close()


class JsonReport:
    """Nothing but one JSON document, at the end."""

    def show_step(self, step: SyncStep) -> None:
        pass

    def show_image(self, image: SyncedImage) -> None:
        pass

    def show_note(self, text: str) -> None:
        write_beside(text)

    def show_summary(self, summary: SyncSummary) -> None:
        write_json(summary.as_dict())

    def close(self) -> None:
        pass


class ScreenReport:
    """A line for each image that is done; progress at the foot of a terminal, elsewhere a
    line now and then.

    Several threads may tell of progress; nothing is drawn any more once it is closed.
    """

    def __init__(self, stream: TextIO | None, verbose: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = Screen(stream, max(0, verbose))
        self._verbose, self._clock = verbose, clock
        is_live = self._screen.is_terminal and verbose >= 0
        self._spinner = Spinner(self._screen) if is_live else None
        self._lines = ProgressLines(clock)
        self._begun: tuple[str, float] = ("", 0.0)
        self._lock, self._is_closed = threading.Lock(), False

    def show_step(self, step: SyncStep) -> None:
        with self._lock:
            if self._is_closed or self._verbose < 0:
                return
            if self._begun[0] != step.name:
                self._begun = (step.name, self._clock())
            if self._spinner is not None:
                self._spinner.update(f"{step.number}/{step.images} {step.name}{self._describe(step)}")
            elif step.total:
                line = self._lines.line(Progress(f"{step.number}/{step.images}", "", step.name, step.done, step.total))
                if line:
                    self._screen.write(line, "dim")
                    self._screen.stream.flush()

    def show_image(self, image: SyncedImage) -> None:
        with self._lock:
            if self._is_closed:
                return
            is_bad = image.state in (State.LEFT, State.FAILED)
            if self._verbose >= 0 or is_bad:
                self._write(image)

    def show_note(self, text: str) -> None:
        with self._lock:
            self._screen.write(text, "magenta")

    def show_summary(self, summary: SyncSummary) -> None:
        self.close()
        with self._lock:
            for image in summary.images.values() if self._verbose > 0 or summary.is_check else ():
                if image.state is State.TO_COPY or (self._verbose > 0 and image.state is State.HELD):
                    self._write(image)
            if self._verbose >= 0:
                self._write_apart("not copied, forbidden", summary.forbidden)
                self._write_apart("not copied, without a source", summary.without_source)
                if self._verbose > 0:
                    self._write_apart("one's own, held anyway", summary.own)
            status = summary.exit_status
            self._screen.write(summary.verdict(), "bold red" if status else "green")
            self._screen.stream.flush()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._spinner is not None:
                self._spinner.stop()
                self._spinner = None

    def _write(self, image: SyncedImage) -> None:
        words = image.message or (format_size(image.sent) if image.state is State.COPIED else "")
        state = (f"{image.state.value:<8}", STYLES[image.state])
        self._screen.write_pieces(state, f"{image.name}{': ' if words else ''}{words}")
        self._screen.stream.flush()

    def _write_apart(self, head: str, names: tuple[str, ...]) -> None:
        with self._screen.section():
            for name in names:
                self._screen.write(f"{head}: {name}")

    def _describe(self, step: SyncStep) -> str:
        if not step.total:
            return ""
        seconds = self._clock() - self._begun[1]
        rate = f", {format_size(int(step.done / seconds))}/s" if seconds >= 1 else ""
        left = f", {format_size(step.total - step.done)} left"
        return f": {amount(Progress('', '', '', step.done, step.total))}{rate}{left}"
