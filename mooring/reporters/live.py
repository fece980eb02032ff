"""What is going on now: the hosts at work with their seconds, and transfers' progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.status import Status
from rich.table import Table

from mooring.records.sizes import format_size
from mooring.reporters.screen import Screen
from mooring.results import Progress

# A host at work for less than this many seconds is not worth a word.
NOTICEABLE = 1.0
# Off a terminal, a transfer gets a line at every quarter, or after so many seconds without one.
QUIET_SECONDS = 10.0
STEPS = 4
HOSTS_NAMED = 4
BAR_WIDTH, MIN_BAR_WIDTH, MIN_WHAT = 30, 4, 12
# Transfers with a bar, and characters of what they say.
BARS, WHAT = 10, 100
LONGEST_STEP = 400


@dataclass(frozen=True)
class Work:
    """A host's task and since when; its transfer, if any; since when it does not answer."""

    task: str
    since: float
    transfer: Progress | None = None
    silent_since: float | None = None


@dataclass(frozen=True)
class ShownStep:
    """How far a transfer was when it last got a line: its step of STEPS, and when."""

    activity: str
    since: float
    last: float
    step: int = 0


class Activity:
    """Who is at what; replaced values only, so that the drawing thread always sees whole ones."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.work: dict[str, Work] = {}

    def begin(self, host: str, task: str) -> None:
        """The host begins a task."""
        self.work = {**self.work, host: Work(task, self.clock())}

    def end(self, host: str) -> None:
        """The host has ended its task."""
        self.work = {name: work for name, work in self.work.items() if name != host}

    def transfer(self, progress: Progress) -> None:
        """A transfer of the host's task is so far."""
        work = self.work.get(progress.host) or Work(progress.task, self.clock())
        self.work = {**self.work, progress.host: replace(work, transfer=progress)}

    def fall_silent(self, host: str, seconds: float) -> None:
        """The host was not heard of for so long; 0: it answers again."""
        work = self.work.get(host)
        if work is not None:
            since = self.clock() - seconds if seconds else None
            self.work = {**self.work, host: replace(work, silent_since=since)}

    def slow_hosts(self) -> list[tuple[str, str]]:
        """The slow hosts, each with `12 s (Pull the image)`; silent ones first, then the
        slowest."""
        now = self.clock()
        slow = [item for item in self.work.items() if now - item[1].since >= NOTICEABLE]
        slow.sort(key=lambda item: (item[1].silent_since is None, item[1].since))
        return [(host, f"{now - step.since:.0f} s ({_at(step, now)})") for host, step in slow]

    def transfers(self) -> list[Progress]:
        """The transfers under way, in the hosts' order."""
        return [item.transfer for _, item in sorted(self.work.items()) if item.transfer]


def _at(work: Work, now: float) -> str:
    """What a host is at, and that it does not answer."""
    if work.silent_since is None:
        return work.task
    return f"{work.task}; no answer for {now - work.silent_since:.0f} s"


class StatusLine:
    """The live part at the foot of a terminal; rich keeps it below what is printed meanwhile."""

    def __init__(self, screen: Screen, activity: Activity) -> None:
        self.activity, self.screen = activity, screen
        self.live = Live(
            console=screen.terminal,
            get_renderable=self.render,
            refresh_per_second=5,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        """Begin drawing; again is harmless."""
        if not self.live.is_started:
            self.live.start()

    def stop(self) -> None:
        """Take the live part away and give the cursor back."""
        self.live.stop()

    def render(self) -> RenderableType:
        """One line of hosts, and a bar for each transfer."""
        lines: list[RenderableType] = []
        transfers = self.activity.transfers()
        if transfers:
            lines.append(self._bars(transfers))
        line = fit_hosts(self.activity.slow_hosts(), self.screen.terminal.width)
        if line:
            lines.append(self.screen.text(line, "dim"))
        return Group(*lines)

    def _bars(self, transfers: list[Progress]) -> RenderableType:
        """A row per transfer, for the first ones: host, what, bar, amount; narrow: host and
        amount."""
        text = self.screen.text
        lines = [text(f"{transfer.host} {amount(transfer)}") for transfer in transfers[:BARS]]
        if max(line.cell_len for line in lines) + MIN_BAR_WIDTH + MIN_WHAT > self.screen.terminal.width:
            return Group(*lines)
        table = Table.grid(padding=(0, 1))
        width = max(MIN_BAR_WIDTH, min(BAR_WIDTH, self.screen.terminal.width // 6))
        for is_whole in (True, False, True, True):
            table.add_column(no_wrap=is_whole)
        for transfer in transfers[:BARS]:
            bar = ProgressBar(transfer.total or None, transfer.done, width=width, pulse=not transfer.total)
            table.add_row(text(transfer.host), text(transfer.activity[:WHAT]), bar, text(amount(transfer)))
        return table


class Spinner:
    """The step that is being done, at the foot of a terminal."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._status = Status("", console=screen.terminal)

    @property
    def width(self) -> int:
        """The characters that a step may have."""
        return max(1, self._screen.terminal.width - 4)

    def update(self, step: str) -> None:
        """Another step."""
        line = self._screen.text(step[:LONGEST_STEP])
        line.truncate(self.width, overflow="ellipsis")
        self._status.update(line)
        self._status.start()

    def stop(self) -> None:
        """Take the line away."""
        self._status.stop()


class Looking:
    """How far a look at many hosts is, at the foot of a terminal; nothing elsewhere."""

    def __init__(self, screen: Screen | None = None, is_shown: bool = True) -> None:
        screen = screen or Screen()
        self._spinner = Spinner(screen) if is_shown and screen.is_terminal else None

    def show(self, done: int, total: int, waiting: Sequence[str]) -> None:
        """So many hosts are done; these are being looked at."""
        spinner = self._spinner
        if spinner is not None:
            spinner.update(fit_names(f"hosts {done}/{total}", waiting, spinner.width))

    def pause(self) -> None:
        """Take the line away until there is more to show, such as for a question."""
        if self._spinner is not None:
            self._spinner.stop()

    def __enter__(self) -> Looking:
        return self

    def __exit__(self, *_: object) -> None:
        spinner, self._spinner = self._spinner, None
        if spinner is not None:
            spinner.stop()


def fit_names(text: str, names: Sequence[str], width: int) -> str:
    """`text: a, b and 3 more`: as many whole names as have room, none of them shortened."""
    return _fit(f"{text}: ", names, width) or text


def fit_hosts(states: Sequence[tuple[str, str]], width: int) -> str:
    """`waiting for web1 12 s (Pull it) and 3 more`; what has no room is dropped."""
    head, names = "waiting for ", [host for host, _ in states]
    if not states:
        return ""
    number = f"{len(names)} host{'s' if len(names) > 1 else ''}"
    return _fit(head, [f"{host} {state}" for host, state in states], width) or _fit(head, names, width) or head + number


def _fit(head: str, names: Sequence[str], width: int) -> str:
    """A head with as many names as have room, the others counted; empty where none has."""
    for count in range(min(len(names), HOSTS_NAMED), 0, -1):
        more = f" and {len(names) - count} more" if len(names) > count else ""
        line = f"{head}{', '.join(names[:count])}{more}"
        if cell_len(line) <= width:
            return line
    return ""


def amount(transfer: Progress) -> str:
    """`50 % (52.4 MB of 104.9 MB)`, or only the bytes where the total is unknown."""
    done = format_size(transfer.done)
    if not transfer.total:
        return done
    return f"{100 * transfer.done // transfer.total} % ({done} of {format_size(transfer.total)})"


class ProgressLines:
    """Progress off a terminal: now and then a line, none for what is quickly done."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.told: dict[str, ShownStep] = {}

    def line(self, transfer: Progress) -> str | None:
        """The line that this event is worth, or None."""
        now = self.clock()
        before = self.told.get(transfer.host)
        if before is None or before.activity != transfer.activity:
            before = self.told[transfer.host] = ShownStep(transfer.activity, now, now)
        step = STEPS * transfer.done // transfer.total if transfer.total else 0
        is_next_step = step > before.step and now - before.since >= NOTICEABLE
        if not is_next_step and now - before.last < QUIET_SECONDS:
            return None
        self.told[transfer.host] = replace(before, last=now, step=step)
        return f"[{transfer.host}] {transfer.activity}: {amount(transfer)}"
