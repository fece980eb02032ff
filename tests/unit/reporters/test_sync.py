"""A sync on a terminal, in a pipe, and quiet."""

from __future__ import annotations

import io
import re
from datetime import datetime, timezone

import pytest

from mooring.records.sync import State, SyncedImage, SyncStep, SyncSummary
from mooring.reporters.sync import ScreenReport


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def image(name: str, state: State, message: str = "", sent: int = 0, is_running: bool = False) -> SyncedImage:
    return SyncedImage(f"docker.io/library/{name}", "sha256:1", state, is_running, message, sent)


def summary(*images: SyncedImage, is_check: bool = False) -> SyncSummary:
    result = SyncSummary("server", is_check)
    result.images.update({sync_image.name: sync_image for sync_image in images})
    return result


def test_progress_on_a_terminal_has_bytes_rate_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    stream, now = Terminal(), [0.0]
    report = ScreenReport(stream, 0, lambda: now[0])
    report.show_step(SyncStep("docker.io/library/app:1", 1, 3))
    now[0] = 2.0
    report.show_step(SyncStep("docker.io/library/app:1", 1, 3, 30_000_000, 90_000_000))
    report.close()
    report.show_step(SyncStep("docker.io/library/late:1", 2, 3))
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert "1/3 docker.io/library/app:1: 33 % (30.0 MB of 90.0 MB), 15.0 MB/s, 60.0 MB left" in text
    assert "late" not in text


def test_in_a_pipe_long_transfers_have_a_line_now_and_then() -> None:
    stream, now = io.StringIO(), [0.0]
    report = ScreenReport(stream, 0, lambda: now[0])
    for second in range(21):
        now[0] = float(second)
        report.show_step(SyncStep("app:1", 1, 3, second * 1_000_000, 20_000_000))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "[1/3] app:1: 25 % (5.0 MB of 20.0 MB)"
    assert 3 <= len(lines) <= 5


def test_quiet_shows_what_is_missing_and_the_verdict() -> None:
    stream = io.StringIO()
    report = ScreenReport(stream, -1)
    images = (
        image("a", State.COPIED, sent=5),
        image("b", State.LEFT, "no budget"),
        image("c", State.FAILED, "gone\x1b[2J"),
    )
    for sync_image in images:
        report.show_image(sync_image)
    report.show_step(SyncStep("a", 1, 3, 1, 2))
    result = summary(*images)
    result.resumes_at = datetime(2026, 11, 28, 15, tzinfo=timezone.utc)
    report.show_summary(result)
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["left    docker.io/library/b: no budget", "failed  docker.io/library/c: gone"]
    assert lines[2].startswith("done: 1 copied (5 B), 0 held before; left: 1, resumes at 2026-11-")
    assert lines[2].endswith("Hub-outage readiness: 33 %, missing: docker.io/library/b, docker.io/library/c")
    assert len(lines) == 3


def test_what_runs_is_named_first_and_many_are_counted() -> None:
    idle = [image(f"i{number}", State.FAILED) for number in range(8)]
    result = summary(
        *idle, image("r", State.FAILED, is_running=True), *(image(f"h{n}", State.HELD) for n in range(991))
    )
    assert (result.readiness, result.exit_status) == (99, 2)
    names = ", ".join(f"docker.io/library/{name}" for name in ("r", "i0", "i1", "i2", "i3"))
    assert result.verdict().endswith(f"readiness: 99 %, missing: {names} and 4 more")


@pytest.mark.parametrize(
    ("state", "is_detailed", "status"),
    [(State.HELD, True, 0), (State.TO_COPY, True, 8), (State.TO_COPY, False, 0), (State.FAILED, True, 2)],
)
def test_the_status_of_a_check(state: State, is_detailed: bool, status: int) -> None:
    result = SyncSummary("server", True, is_detailed)
    result.images["a"] = image("a", state)
    assert result.exit_status == status
    result.is_interrupted = True
    assert result.exit_status == 130


def test_nothing_to_hold_is_all_held() -> None:
    assert (summary().readiness, summary().exit_status) == (100, 0)
